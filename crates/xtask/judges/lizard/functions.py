"""What lizard measures of functions: one JSON object a file on standard output, in the form of ../python/facts.py.

Arguments: the root of a tree, and the extensions of the files. Needs the package lizard.

Not known to lizard are functions of Go with a string between backticks, in which it takes words for code.

lizard knows no columns: a function is joined on the line on which it ends and its bare name. Functions without a name have none.
"""

import json
import os
import re
import signal
import sys

import lizard

SCOPE = {"lizard": ["complexity"]}
# Some files of JavaScript take lizard's regular expressions for ever.
LIMIT_SECONDS = 20


def give_up(*_):
    raise TimeoutError(f"more than {LIMIT_SECONDS} seconds")


def facts_of(path, relative):
    signal.alarm(LIMIT_SECONDS)
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            source = file.read()
        analyzed = lizard.analyze_file.analyze_source_code(path, source.replace("\r\n", "\n"))
    except (UnicodeDecodeError, RecursionError, IndexError, TimeoutError) as error:
        return {"path": relative, "error": f"{type(error).__name__}: {error}"}
    finally:
        signal.alarm(0)
    lines = source.split("\n")
    facts = []
    for each in analyzed.function_list:
        name = re.split(r"::|\.", each.name)[-1]
        if re.fullmatch(r"[~\w$#]+", name):
            text = lines[each.start_line - 1 : each.end_line]
            is_known = not path.endswith(".go") or not any("`" in line for line in text)
            facts.append(
                {
                    "kind": "lizard",
                    "at": [each.end_line],
                    "name": name,
                    "attributes": {"complexity": str(each.cyclomatic_complexity)},
                    "unknown": [] if is_known else ["complexity"],
                }
            )
    return {"path": relative, "facts": facts, "blind": []}


def main(root, extensions):
    signal.signal(signal.SIGALRM, give_up)
    print(json.dumps(SCOPE))
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.rsplit(".", 1)[-1] in extensions and not name.startswith(".") and not os.path.islink(path):
                print(json.dumps(facts_of(path, os.path.relpath(path, root).replace(os.sep, "/"))))


if __name__ == "__main__":
    main(sys.argv[1], set(sys.argv[2:]))
