"""Loads the rows with SQLAlchemy 2's bulk insert, in one transaction: sqlalchemy_insert.py URL FOLDER."""

import sys
import time

import sqlalchemy

import rows

url, folder = sys.argv[1:]
tables = [
    (name, [dict(zip(columns, record)) for record in records])
    for name, columns, records in rows.tables(folder)
]
place = rows.place(url)
engine = sqlalchemy.create_engine(
    sqlalchemy.URL.create(
        "postgresql+psycopg",
        username=place["user"],
        database=place["database"],
        query={"host": place["host"], "port": str(place["port"])},
    ),
    json_serializer=lambda text: text,
)
metadata = sqlalchemy.MetaData()
metadata.reflect(engine, only=[name for name, _ in tables])
for table in metadata.tables.values():
    for column in table.columns:
        if isinstance(column.type, sqlalchemy.JSON):
            column.type.none_as_null = True
begin = time.perf_counter()
with engine.begin() as connection:
    for name, records in tables:
        if records:
            connection.execute(sqlalchemy.insert(metadata.tables[name]), records)
print(time.perf_counter() - begin)
