"""What rustc's dep-info says about crates: root file, nothing, each file of the crate; by tabs.

Arguments: the root of a tree of crates, a folder of a build (`target/debug/deps`), and the folder from which that build took its crates. What a crate includes as text, and what its build
script made, is left out. Files that the configuration of the build left out are not in it.
"""

import os
import sys

ROOT, TARGET, REGISTRY = (os.path.realpath(path) for path in sys.argv[1:4])

crates = {}
for name in sorted(os.listdir(TARGET)):
    if not name.endswith(".d"):
        continue
    with open(os.path.join(TARGET, name), encoding="utf-8") as file:
        first = file.readline()
    files = first.split(": ", 1)[1].split() if ": " in first else []
    files = [path for path in files if path.startswith(REGISTRY + os.sep) and path.endswith(".rs")]
    if files:
        relative = [os.path.relpath(path, REGISTRY) for path in files]
        # The root of the crate comes first.
        if relative[0].endswith("lib.rs") and os.path.exists(os.path.join(ROOT, relative[0])):
            crates.setdefault(relative[0], set()).update(relative[1:])

for root, files in sorted(crates.items()):
    print(f"{root}\t\t")
    for path in sorted(files):
        print(f"{root}\t\t{path}")
