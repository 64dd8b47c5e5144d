"""The lines that tokei counts: one JSON object a file on standard output, in the form of ../python/facts.py.

Arguments: the program tokei, the root of a tree, and the languages as tokei names them.

tokei does not know the quotes in which some strings stand: where `"` stands between `'` in a language whose strings it knows between
`"` alone, or a string of Go between backticks, it takes what follows for a string. Such files are said to be unknown to it.

Text of another language inside a file (Markdown in the documentation of Rust) is taken for what it is in the file: comment.
"""

import json
import os
import subprocess
import sys

SCOPE = {"lines": ["code", "comment", "blank"]}


def counts_of(stats):
    """Code, comment and blank lines, with those of what is inside."""
    code, comment, blank = stats["code"], stats["comments"], stats["blanks"]
    for inner in stats["blobs"].values():
        inner_counts = counts_of(inner)
        comment += inner_counts[0] + inner_counts[1]
        blank += inner_counts[2]
    return code, comment, blank


# Languages in which tokei knows no strings but those between `"`.
ONE_QUOTE = ("C", "CHeader", "Cpp", "CppHeader", "CSharp", "Go", "Java", "Kotlin", "Rust", "Scala")


def is_known(path, language):
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    is_misled = language in ONE_QUOTE and "'\"'" in text or language == "Go" and "`" in text
    return not is_misled


def main(tokei, root, languages):
    print(json.dumps(SCOPE))
    command = [tokei, root, "--output", "json", "--no-ignore", "--types", ",".join(languages)]
    measured = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    for language, found in measured.items():
        if language == "Total":
            continue
        for report in found["reports"]:
            path = os.path.relpath(report["name"], root).replace(os.sep, "/")
            counts = dict(zip(SCOPE["lines"], map(str, counts_of(report["stats"]))))
            unknown = [] if is_known(report["name"], language) else SCOPE["lines"]
            fact = {"kind": "lines", "at": [1], "name": "", "attributes": counts, "unknown": unknown}
            print(json.dumps({"path": path, "facts": [fact], "blind": []}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
