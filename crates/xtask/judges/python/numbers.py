"""What other tools measure of Python functions: one JSON object a file on standard output, in the form of facts.py.

Arguments: the root of a tree. Needs the packages mccabe, radon, lizard and cognitive_complexity.

A tool does not know every function. `unknown` names the numbers that a tool cannot say, by the syntax tree alone and
whatever its number is; docs/accuracy.md has the reasons:

- lizard, where it sees the function, or one inside it, end on another line than Python does, or does not see it;
- cognitive_complexity, where the function holds what it is known to count otherwise than the published definition does.
"""

import ast
import json
import os
import sys
import warnings

import lizard
from cognitive_complexity.api import get_cognitive_complexity
from mccabe import PathGraphingAstVisitor
from radon.visitors import ComplexityVisitor

SCOPE = {"numbers": ["mccabe", "radon", "lizard", "cognitive_complexity"]}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
TRIES = (ast.Try,) + ((ast.TryStar,) if hasattr(ast, "TryStar") else ())


class EveryGraph(dict):
    """mccabe's graphs by name: of several functions of a name (an accessor's) it keeps the last alone; we keep all."""

    def __init__(self):
        super().__init__()
        self.every = []

    def __setitem__(self, name, graph):
        self.every.append(graph)
        super().__setitem__(name, graph)


def of_mccabe(tree):
    visitor = PathGraphingAstVisitor()
    visitor.graphs = EveryGraph()
    visitor.preorder(tree, visitor)
    # A graph of a loop or condition outside functions has its name with the line in it.
    graphs = [graph for graph in visitor.graphs.every if " " not in graph.entity]
    return {(graph.lineno, graph.column): graph.complexity() for graph in graphs}


def of_radon(tree):
    visitor = ComplexityVisitor.from_ast(tree)
    found = {}

    def add(functions):
        for each in functions:
            # `real_complexity` of a function is that of its body; `complexity` adds what is inside it.
            found[each.lineno, each.col_offset] = each.complexity
            add(each.closures)

    def add_class(each):
        add(each.methods)
        for inner in each.inner_classes:
            add_class(inner)

    add(visitor.functions)
    for each in visitor.classes:
        add_class(each)
    return found


def of_lizard(path, source):
    """By line and name: the number, and the line on which the function ends."""
    analyzed = lizard.analyze_file.analyze_source_code(path, source)
    return {
        (each.start_line, each.name.split(".")[-1]): (each.cyclomatic_complexity, each.end_line)
        for each in analyzed.function_list
    }


def functions_of(tree):
    """Every function with its qualified name."""
    open_nodes = [(tree, "")]
    while open_nodes:
        node, prefix = open_nodes.pop()
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, FUNCTIONS + (ast.ClassDef,)):
                inner = prefix + child.name + "."
                if not isinstance(child, ast.ClassDef):
                    yield child, prefix + child.name
            open_nodes.append((child, inner))


def is_lost(function, by_line):
    """Whether lizard does not see the function, or one inside it, where Python sees it."""
    return any(
        by_line.get((each.lineno, each.name), (0, 0))[1] != each.end_lineno
        for each in ast.walk(function)
        if isinstance(each, FUNCTIONS)
    )


def called_names(function):
    """The names of the functions that a function may call in its own file, and of methods on its own object."""
    for each in ast.walk(function):
        called = each.func if isinstance(each, ast.Call) else None
        if isinstance(called, ast.Name):
            yield called.id
        elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            yield called.attr


def recursive_names(tree):
    """Names of functions from which calls lead back to the same name, which only the published definition counts."""
    calls = {}
    for each in ast.walk(tree):
        if isinstance(each, FUNCTIONS):
            calls.setdefault(each.name, set()).update(called_names(each))
    found = set()
    for name, called in calls.items():
        seen, open_names = set(), list(called & calls.keys())
        while open_names and name not in seen:
            each = open_names.pop()
            if each not in seen:
                seen.add(each)
                open_names.extend(calls[each] & calls.keys())
        if name in seen:
            found.add(name)
    return found


NESTING = (ast.If, ast.For, ast.While, ast.IfExp, ast.Lambda, ast.ExceptHandler) + TRIES + FUNCTIONS


def package_differs(function):
    """cognitive_complexity knows no `match`, `async for` and `except*`; it counts trees of operators, not sequences, and looks into
    none; an `if` with an `elif` does not nest and is not nested, and an `if` that is all of an `else` is an `elif` to it."""
    for node in ast.walk(function):
        if isinstance(node, ast.ClassDef) or type(node).__name__ in ("Match", "AsyncFor", "TryStar"):
            return True
        if isinstance(node, ast.BoolOp):
            kinds = (ast.BoolOp, ast.IfExp, ast.Lambda) + COMPREHENSIONS
            if any(isinstance(each, kinds) for each in ast.walk(node) if each is not node):
                return True
        chain = elif_chain(node)
        if not chain:
            continue
        if any(each.col_offset != node.col_offset for each in chain):
            return True
        if any(isinstance(each, NESTING) for branch in [node, *chain] for part in branch.body for each in ast.walk(part)):
            return True
    return any(
        elif_chain(inner)
        for outer in ast.walk(function)
        if isinstance(outer, NESTING) and outer is not function and not isinstance(outer, ast.Try)
        for inner in inside(outer)
    )


def elif_chain(node):
    """The `if`s that are all of the `else` of the one before."""
    chain = []
    while isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
        chain.append(node)
    return chain


def inside(outer):
    """What is nested in a node: not the `elif` of an `if`."""
    later = elif_chain(outer)
    skipped = {id(later[0])} if later else set()
    open_nodes = [each for each in ast.iter_child_nodes(outer) if id(each) not in skipped]
    while open_nodes:
        each = open_nodes.pop()
        yield each
        open_nodes.extend(ast.iter_child_nodes(each))


def numbers_of(node, place, tools):
    mccabe, radon, by_line, recursive = tools
    unknown = []
    numbers = {"mccabe": mccabe.get(place), "radon": radon.get(place)}
    if is_lost(node, by_line):
        unknown.append("lizard")
    else:
        numbers["lizard"] = by_line[node.lineno, node.name][0]
    if node.name in recursive or package_differs(node):
        unknown.append("cognitive_complexity")
    else:
        numbers["cognitive_complexity"] = get_cognitive_complexity(node)
    return {name: str(value) for name, value in numbers.items() if value is not None}, unknown


def facts_of(path, relative):
    with open(path, "rb") as file:
        source = file.read()
    try:
        text = source.decode("utf-8-sig")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        tools = (of_mccabe(tree), of_radon(tree), of_lizard(path, text), recursive_names(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"path": relative, "error": f"{type(error).__name__}: {error}"}
    facts = []
    for node, qualified_name in functions_of(tree):
        numbers, unknown = numbers_of(node, (node.lineno, node.col_offset), tools)
        facts.append(
            {
                "kind": "numbers",
                "at": [node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1],
                "name": node.name,
                "qualified_name": qualified_name,
                "attributes": numbers,
                "unknown": unknown,
            }
        )
    return {"path": relative, "facts": facts, "blind": []}


def main(root):
    sys.setrecursionlimit(10_000)
    print(json.dumps(SCOPE))
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if each != "__pycache__" and not each.startswith("."))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(".py") and not name.startswith(".") and not os.path.islink(path):
                print(json.dumps(facts_of(path, os.path.relpath(path, root).replace(os.sep, "/"))))


if __name__ == "__main__":
    main(sys.argv[1])
