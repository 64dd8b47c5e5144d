"""What lizard measures of functions: one JSON object a file on standard output, in the form of ../python/facts.py.

Arguments: the root of a tree, and the extensions of the files. Needs the package lizard.

lizard knows no columns: a function is joined on the line on which it ends and its bare name. Functions without a name have none.
"""

import json
import os
import re
import sys

import lizard

SCOPE = {"lizard": ["complexity"]}


def facts_of(path, relative):
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            source = file.read()
        analyzed = lizard.analyze_file.analyze_source_code(path, source.replace("\r\n", "\n"))
    except (UnicodeDecodeError, RecursionError, IndexError) as error:
        return {"path": relative, "error": f"{type(error).__name__}: {error}"}
    facts = []
    for each in analyzed.function_list:
        name = re.split(r"::|\.", each.name)[-1]
        if re.fullmatch(r"[~\w$#]+", name):
            attributes = {"complexity": str(each.cyclomatic_complexity)}
            facts.append({"kind": "lizard", "at": [each.end_line], "name": name, "attributes": attributes})
    return {"path": relative, "facts": facts, "blind": []}


def main(root, extensions):
    print(json.dumps(SCOPE))
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.rsplit(".", 1)[-1] in extensions and not name.startswith(".") and not os.path.islink(path):
                print(json.dumps(facts_of(path, os.path.relpath(path, root).replace(os.sep, "/"))))


if __name__ == "__main__":
    main(sys.argv[1], set(sys.argv[2:]))
