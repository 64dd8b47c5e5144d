"""What universal-ctags says about C files: one JSON object a file on standard output.

Argument: the root of a tree; every `*.c` and `*.h` below it is read. The form of an object is described in
crates/xtask/src/accuracy/fact.rs. Nothing here knows tree-sitter. ctags says on which line a definition ends, not in which column
it begins: facts are joined on the line of the end and the name.

A function whose head is a macro (`SYSCALL_DEFINE3(read, …) { … }`) bears the macro's name to ctags; those of `MACROS` get the name
that the macro gives them, the others are named by nobody, and their lines are said to be blind.
"""

import json
import os
import re
import subprocess
import sys

SCOPE = {"function": ["kind"], "class": ["kind"]}

# Macros that define a function: the number of the argument that names it, and what the name becomes.
MACROS = [
    (re.compile(r"SYSCALL_DEFINE[0-6]$"), 0, "sys_{}"),
    (re.compile(r"COMPAT_SYSCALL_DEFINE[0-6]$"), 0, "compat_sys_{}"),
    (re.compile(r"BPF_CALL_[0-5]$"), 0, "{}"),
]
CLASSES = {"struct": "struct", "union": "union", "enum": "enum"}
COMMAND = [
    "ctags", "--languages=C", "--langmap=C:.c.h", "--kinds-C=fsugtdmv", "--fields=+neSKZt",
    "--output-format=json", "--sort=no", "-f", "-", "-L", "-",
]


def main(root):
    print(json.dumps(SCOPE))
    paths = []
    for folder, folders, names in os.walk(root):
        folders.sort()
        paths.extend(os.path.join(folder, name) for name in sorted(names) if name.endswith((".c", ".h")))
    tags = {}
    listed = subprocess.run(COMMAND, input="\n".join(paths), capture_output=True, text=True, errors="replace", check=True)
    for line in listed.stdout.splitlines():
        tag = json.loads(line)
        if tag["_type"] == "tag":
            tags.setdefault(tag["path"], []).append(tag)
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().split("\n")
        facts, blind = file_facts(tags.get(path, []), lines)
        print(json.dumps({"path": os.path.relpath(path, root), "facts": facts, "blind": blind}))


def file_facts(tags, lines):
    facts, blind = [], []
    named = names_of_the_nameless(tags)

    def add(kind, line, name, what):
        facts.append({"kind": kind, "at": [line], "name": name, "attributes": {"kind": what}})

    for tag in tags:
        kind, name, end = tag["kind"], tag["name"], tag.get("end", tag["line"])
        if kind == "function":
            name = function_name(name, tag.get("signature", ""))
            if name is None:
                blind.append([end, 0, end, 1])
            else:
                add("function", end, name, "function")
            # Types inside functions are nothing to ctags.
            blind.append([tag["line"], 0, end + 1, 0, "class"])
        elif kind == "macro" and "signature" in tag:
            add("function", end, name, "macro")
        elif kind in CLASSES:
            full = tag["scope"] + "::" + name if "scope" in tag else name
            if not name.startswith("__anon"):
                add("class", end, name, CLASSES[kind])
            elif full in named:
                add("class", end, named[full], CLASSES[kind])
            elif kind == "enum":
                add("class", end, "(anonymous)", CLASSES[kind])
            else:
                # What names it, ctags does not say.
                blind.append([end, 0, end, 1, "class"])
        elif kind == "typedef":
            own, tagged = tag.get("typeref", "").partition(":")[::2]
            if own in CLASSES and (tagged.rstrip(" *") == name or named.get(tagged) == name and "__anon" in tagged):
                continue
            add("class", end_of_statement(lines, tag["line"]), name, "type_alias")
    return facts, blind


def function_name(name, signature):
    """The name that a macro gives to the function, none where it is not known."""
    arguments = [argument.strip() for argument in signature.strip("()").split(",")]
    for pattern, place, form in MACROS:
        if pattern.match(name):
            return form.format(arguments[place]) if place < len(arguments) else None
    return None if re.fullmatch(r"[A-Z][A-Z0-9_]*", name) else name


def names_of_the_nameless(tags):
    """By their names in ctags: what the first typedef, variable or member of a type without a name is called."""
    named = {}
    for tag in tags:
        if tag["kind"] in ("typedef", "variable", "member"):
            own, tagged = tag.get("typeref", "").partition(":")[::2]
            tagged = re.split(r"[ *\[]", tagged)[0]
            if own in CLASSES and "__anon" in tagged:
                named.setdefault(tagged, tag["name"])
    return named


def end_of_statement(lines, line):
    """The line of the semicolon that ends what is named on a line."""
    for number in range(line, min(line + 50, len(lines) + 1)):
        text = re.sub(r"/\*.*?\*/|//.*", "", lines[number - 1])
        if text.rstrip().endswith(";") or ";" in text:
            return number
    return line


main(sys.argv[1])
