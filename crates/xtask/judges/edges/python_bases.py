"""What the classes of packages really extend: class, nothing, base; by tabs. A line without a base says that the class was seen.

Argument: a folder with copies of packages that are installed. Every module of them is imported; what cannot be imported is counted on standard
error and not judged. A class is its file, `#` and its qualified name; a base its file, `#` and its bare name.
"""

import importlib
import os
import pkgutil
import sys


def modules(root):
    for name in sorted(os.listdir(root)):
        yield name
        folder = [os.path.join(sys.modules[name].__path__[0])] if name in sys.modules else []
        for found in pkgutil.walk_packages(folder, name + ".", onerror=lambda _: None):
            # What runs when it is imported is no module of the package.
            if not found.name.endswith("__main__"):
                yield found.name


def path_of(cls, root, names):
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    first = cls.__module__.split(".")[0]
    if not file or first not in names:
        return None
    installed = os.path.dirname(sys.modules[first].__path__[0])
    return os.path.relpath(file, installed).replace(os.sep, "/")


def classes_in(module):
    """Classes that a module defines, nested ones too."""
    open_classes = [each for each in vars(module).values() if isinstance(each, type)]
    seen = set()
    while open_classes:
        cls = open_classes.pop()
        if id(cls) in seen or cls.__module__ != module.__name__:
            continue
        seen.add(id(cls))
        yield cls
        open_classes.extend(each for each in vars(cls).values() if isinstance(each, type))


def main(root):
    names = set(os.listdir(root))
    lines, unread = set(), []
    for module_name in modules(root):
        try:
            module = importlib.import_module(module_name)
        except BaseException as error:  # A module may do anything when it is imported.
            unread.append(f"{module_name}: {type(error).__name__}")
            continue
        for cls in classes_in(module):
            own = path_of(cls, root, names)
            if own is None or "<locals>" in cls.__qualname__:
                continue
            # A metaclass of celery puts the module before the name.
            name = cls.__qualname__.removeprefix(cls.__module__ + ".")
            lines.add(f"{own}#{name}\t\t")
            for base in cls.__bases__:
                path = path_of(base, root, names)
                if path:
                    lines.add(f"{own}#{name}\t\t{path}#{base.__name__}")
    # Nearly all are tests, whose tools are not installed.
    print(f"{len(unread)} modules cannot be imported, the first of them: {', '.join(unread[:5])}", file=sys.stderr)
    # Modules may print when they are imported.
    sys.__stdout__.write("\n".join(sorted(lines)) + "\n")


main(sys.argv[1])
