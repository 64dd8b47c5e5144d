"""Which calls really happen: runs the Python programs in each folder of a directory under a profiler and prints, by tabs, the file and
line of a call, and the file, qualified name and first line of the function that was called, for functions of the same folder.

Argument: the directory; each of its folders has a `main.py`. What it prints is kept beside the programs as `calls.tsv`.
"""

import os
import runpy
import sys

ROOT = os.path.realpath(sys.argv[1])


def run(folder):
    seen = set()

    def profile(frame, event, _):
        if event != "call" or frame.f_back is None:
            return
        code, caller = frame.f_code, frame.f_back
        files = [os.path.realpath(code.co_filename), os.path.realpath(caller.f_code.co_filename)]
        # The body of a module or class is run, not called; so is a comprehension.
        is_function = code.co_flags & 0x2 and (not code.co_name.startswith("<") or code.co_name == "<lambda>")
        if is_function and all(file.startswith(folder + os.sep) for file in files):
            target, source = (os.path.relpath(file, ROOT) for file in files)
            seen.add((source, caller.f_lineno, target, code.co_qualname.replace(".<locals>", ""), code.co_firstlineno))

    sys.path.insert(0, folder)
    known = set(sys.modules)
    out, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")
    sys.setprofile(profile)
    try:
        runpy.run_path(os.path.join(folder, "main.py"), run_name="__main__")
    finally:
        sys.setprofile(None)
        sys.stdout.close()
        sys.stdout = out
    for name in set(sys.modules) - known:
        del sys.modules[name]
    sys.path.pop(0)
    return sorted(seen)


sys.dont_write_bytecode = True
for name in sorted(os.listdir(ROOT)):
    folder = os.path.join(ROOT, name)
    if os.path.isfile(os.path.join(folder, "main.py")):
        for edge in run(folder):
            print("\t".join(str(field) for field in edge))
