"""What `gcc -MM` says about files of C: the file, nothing, each header of the same crate that it reaches; by tabs.

Argument: the root of a tree of crates. The C library of tree-sitter is compiled with its include directories, grammars with theirs.
"""

import os
import subprocess
import sys

ROOT = os.path.realpath(sys.argv[1])

for crate in sorted(os.listdir(ROOT)):
    if not crate.startswith("tree-sitter"):
        continue
    folder = os.path.join(ROOT, crate)
    for directory, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if not name.endswith(".c") or os.path.getsize(os.path.join(directory, name)) > 3_000_000:
                continue
            path = os.path.join(directory, name)
            include = [f"-I{os.path.join(folder, place)}" for place in ("include", "src", "src/wasm")]
            run = subprocess.run(
                ["gcc", "-MM", "-D_POSIX_C_SOURCE=200112L", *include, path], capture_output=True, text=True, check=False
            )
            if run.returncode != 0:
                continue
            words = run.stdout.replace("\\\n", " ").split()[1:]
            files = {os.path.relpath(os.path.realpath(word), ROOT) for word in words}
            importer = os.path.relpath(path, ROOT)
            print(f"{importer}\t\t")
            for file in sorted(files - {importer}):
                print(f"{importer}\t\t{file}")
