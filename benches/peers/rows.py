"""The rows that the benchmark wrote down, as Python values."""

import csv
import datetime
import pathlib
import urllib.parse
import uuid

csv.field_size_limit(1 << 30)

CONVERT = {
    "bigint": int,
    "integer": int,
    "double precision": float,
    "boolean": lambda text: text == "t",
    "uuid": uuid.UUID,
    "timestamp with time zone": lambda text: datetime.datetime.fromisoformat(
        text + ":00" if text[-3] in "+-" else text
    ),
    "text": str,
    "jsonb": str,
}


def tables(folder):
    """The tables in order, each with its columns and its rows as tuples. In CSV an empty field without quotes is NULL; the
    module does not tell it from an empty text, which columns that may not be NULL have."""
    folder = pathlib.Path(folder)
    for line in (folder / "tables.txt").read_text().splitlines():
        name, described = line.split(" ", 1)
        columns = [column.split(":") for column in described.split(",")]
        converters = [CONVERT[kind] for _, kind in columns]
        with open(folder / f"{name}.csv", newline="") as file:
            rows = [
                tuple(
                    convert(text) if text != "" or convert is str and column in NEVER_NULL else None
                    for text, convert, (column, _) in zip(row, converters, columns)
                )
                for row in csv.reader(file)
            ]
        yield name, [column for column, _ in columns], rows


# Texts that are there, but may be empty.
NEVER_NULL = {"name", "directory", "qualified_name", "callee_name", "file_name", "module", "raw", "content_hash"}


def place(url):
    """What a URL says, by name: the folder of the server's socket, its port, the database and the user."""
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qs(parts.query)
    return {
        "host": query.get("host", [parts.hostname])[0],
        "port": parts.port,
        "database": urllib.parse.unquote(parts.path[1:]),
        "user": parts.username,
    }
