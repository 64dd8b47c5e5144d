"""What universal-ctags says about C# files: one JSON object a file on standard output.

Argument: the root of a tree; every `*.cs` below it is read. The form of an object is described in crates/xtask/src/accuracy/fact.rs.
Nothing here knows tree-sitter. ctags says on which line a definition ends: facts are joined on the line of the end and the bare name.

What is no function to ctags is not compared: accessors of properties and events, local functions and lambdas inside methods. Its faults,
seen by the source and never by what we say, are not compared either: a delegate is a method to it, as is a record with parameters; a
conversion (`implicit operator int`) is a field; a type that follows a directive in its head has no end.
"""

import json
import os
import re
import subprocess
import sys

SCOPE = {"function": [], "class": ["kind"]}
CLASSES = {"class": "class", "struct": "struct", "interface": "interface", "enum": "enum"}
COMMAND = ["ctags", "--languages=C#", "--fields=+neSKZt", "--output-format=json", "--sort=no", "-f", "-", "-L", "-"]


def main(root):
    print(json.dumps(SCOPE))
    paths = []
    for folder, folders, names in os.walk(root):
        folders.sort()
        paths.extend(os.path.join(folder, name) for name in sorted(names) if name.endswith(".cs"))
    tags = {}
    listed = subprocess.run(COMMAND, input="\n".join(paths), capture_output=True, text=True, errors="replace", check=True)
    for line in listed.stdout.splitlines():
        tag = json.loads(line)
        if tag["_type"] == "tag":
            tags.setdefault(tag["path"], []).append(tag)
    for path in paths:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            lines = file.read().split("\n")
        facts, blind = file_facts(tags.get(path, []), lines)
        print(json.dumps({"path": os.path.relpath(path, root), "facts": facts, "blind": blind}))


def file_facts(tags, lines):
    facts, blind = [], []

    def hide(first, last, kind=None):
        blind.append([first, 0, last, 1, kind] if kind else [first, 0, last, 1])

    for tag in tags:
        kind, name, start, end = tag["kind"], tag["name"], tag["line"], tag.get("end", tag["line"])
        head = lines[start - 1] if start <= len(lines) else ""
        if kind == "method":
            if re.search(r"\b(?:delegate|record)\b", head):
                hide(start, end)
                continue
            facts.append({"kind": "function", "at": [end], "name": method_name(name), "attributes": {}})
            # Local functions and lambdas.
            if end > start:
                hide(start, end - 1, "function")
        elif kind in CLASSES:
            if re.search(r"\brecord\b", head):
                hide(end, end, "class")
                continue
            facts.append({"kind": "class", "at": [end], "name": name, "attributes": {"kind": CLASSES[kind]}})
        elif kind in ("property", "event", "field"):
            # Accessors, and lambdas that a field holds; a conversion is a field to ctags.
            hide(start, end_of_member(lines, start, end), "function")
    return facts, blind


def method_name(name):
    """`operator+` for `operator +`, and what is behind the interface that a member is of."""
    if name.startswith("operator"):
        return "operator" + name[len("operator"):].strip()
    return name.rsplit(".", 1)[-1]


def end_of_member(lines, start, end):
    """The line on which the braces of a member close, where ctags does not say it."""
    depth = 0
    for number in range(start, min(start + 400, len(lines)) + 1):
        text = re.sub(r'"(?:\\.|[^"\\])*"|//.*', "", lines[number - 1])
        depth += text.count("{") - text.count("}")
        if number >= end and depth <= 0 and re.search(r"[;}]\s*$", text):
            return number
    return end


main(sys.argv[1])
