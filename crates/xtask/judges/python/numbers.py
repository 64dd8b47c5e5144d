"""What other tools measure of Python functions: one JSON object a file on standard output, in the form of facts.py.

Arguments: the root of a tree. Needs the packages mccabe, radon, lizard and cognitive_complexity. A function that a tool
does not report (mccabe knows no functions inside others) has no number of that tool: ours counts as false there.
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


def of_mccabe(tree):
    visitor = PathGraphingAstVisitor()
    visitor.preorder(tree, visitor)
    # A graph of a loop or condition outside functions has its name with the line in it.
    graphs = [graph for graph in visitor.graphs.values() if " " not in graph.entity]
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
    analyzed = lizard.analyze_file.analyze_source_code(path, source)
    return {(each.start_line, each.name.split(".")[-1]): each.cyclomatic_complexity for each in analyzed.function_list}


def functions_of(tree):
    """Every function with its qualified name."""
    open_nodes = [(tree, "")]
    while open_nodes:
        node, prefix = open_nodes.pop()
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                inner = prefix + child.name + "."
                if not isinstance(child, ast.ClassDef):
                    yield child, prefix + child.name
            open_nodes.append((child, inner))


def facts_of(path, relative):
    with open(path, "rb") as file:
        source = file.read()
    try:
        text = source.decode("utf-8-sig")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        mccabe, radon, by_line = of_mccabe(tree), of_radon(tree), of_lizard(path, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"path": relative, "error": f"{type(error).__name__}: {error}"}
    facts = []
    for node, qualified_name in functions_of(tree):
        place = (node.lineno, node.col_offset)
        numbers = {
            "mccabe": mccabe.get(place),
            "radon": radon.get(place),
            "lizard": by_line.get((node.lineno, node.name)),
            "cognitive_complexity": get_cognitive_complexity(node),
        }
        facts.append(
            {
                "kind": "numbers",
                "at": [node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1],
                "name": node.name,
                "qualified_name": qualified_name,
                "attributes": {name: str(value) for name, value in numbers.items() if value is not None},
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
