"""What grimp says about the imports of Python packages: importing file, module, imported file; by tabs.

Arguments: the root of a tree, and for each package its directory seen from there. grimp finds packages by the path of imports and
executes nothing of them (it parses). Nothing here knows tree-sitter.
"""

import os
import sys

import grimp

ROOT = sys.argv[1]


def file_of(root, module):
    """The file of a module, as Python's finder chooses it; none for a namespace package."""
    stem = os.path.join(root, *module.split("."))
    for ending in ("/__init__.py", ".py"):
        if os.path.isfile(stem + ending):
            return os.path.relpath(stem + ending, ROOT)
    return None


for directory in sys.argv[2:]:
    parent, package = os.path.split(os.path.join(ROOT, directory))
    sys.path.insert(0, parent)
    graph = grimp.build_graph(package, include_external_packages=False, cache_dir=None)
    for module in sorted(graph.modules):
        importer = file_of(parent, module)
        # What the scope is: files that grimp has read.
        print(f"{importer}\t\t")
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            target = file_of(parent, imported)
            if importer and target:
                print(f"{importer}\t{imported}\t{target}")
    sys.path.pop(0)
