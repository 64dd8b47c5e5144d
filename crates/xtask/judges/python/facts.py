"""What Python's own parser says about Python files: one JSON object a file on standard output.

Arguments: the root of a tree; every `*.py` below it is read. The form of an object is described in
crates/xtask/src/accuracy/fact.rs. Nothing here knows tree-sitter: everything comes from the module `ast`, and the text
of defaults and annotations from the places that it gives.

Two things are the judge's own faults, and are said so in its output instead of being compared:
- before Python 3.12 the places inside f-strings are wrong: the spans of f-strings go to `blind`;
- a file that it cannot parse (Python 2, test data that is wrong on purpose) has an `error` and no facts.
"""

import ast
import codecs
import json
import os
import re
import sys
import warnings

# What is compared: the attributes by kind of fact.
SCOPE = {
    "function": ["kind", "is_async", "is_static", "is_abstract", "return_type"],
    "class": ["kind"],
    "parameter": ["kind", "default", "annotation"],
    "decorator": ["arguments"],
    "base": ["text"],
    "doc_string": [],
    "import": ["kind", "alias", "is_type_only", "is_relative"],
    "call": ["kind", "text", "function", "arguments"],
}
WHITE = re.compile(r"\s+")
ACCESSORS = {"property", "cached_property", "setter", "getter", "deleter"}
ENUMS = {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"}
SKIPPED_FOLDERS = {"__pycache__", "node_modules"}


def folded(text):
    return WHITE.sub(" ", text.replace("\0", "")).strip()


class Judge(ast.NodeVisitor):
    def __init__(self, lines):
        self.lines = lines
        self.facts = []
        self.blind = []
        # What is open: (kind, name) with kind `function` or `class`.
        self.scopes = []
        self.type_checking = 0
        self.modules = set()
        self.classes = set()
        # By the index of a call: what stands before the dot.
        self.receivers = {}

    # Text and places.

    def text(self, node):
        return self.between(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    def between(self, line, column, end_line, end_column):
        if line == end_line:
            found = self.lines[line - 1][column:end_column]
        else:
            found = b"".join(
                [self.lines[line - 1][column:], *self.lines[line : end_line - 1], self.lines[end_line - 1][:end_column]]
            )
        return found.decode("utf-8", "replace")

    def span(self, node):
        return [node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1]

    def add(self, fact, at, name, qualified_name="", **attributes):
        attributes = {
            key: "true" if value is True else value
            for key, value in attributes.items()
            if value not in (None, "", False)
        }
        self.facts.append(
            {"kind": fact, "at": at, "name": name, "qualified_name": qualified_name, "attributes": attributes}
        )

    def qualified(self, name):
        return ".".join([name for _, name in self.scopes] + [name])

    def innermost(self):
        return self.scopes[-1][0] if self.scopes else "file"

    # Definitions.

    def visit_FunctionDef(self, node):
        self.function(node, is_async=False)

    def visit_AsyncFunctionDef(self, node):
        self.function(node, is_async=True)

    def function(self, node, is_async):
        decorators = [self.decorator_name(each).rsplit(".", 1)[-1] for each in node.decorator_list]
        is_method = self.innermost() == "class"
        self.definition_head(node)
        kind = "method" if is_method else "function"
        if is_method and node.name in ("__init__", "__new__"):
            kind = "constructor"
        elif is_method and node.name == "__del__":
            kind = "destructor"
        elif is_method and ACCESSORS.intersection(decorators):
            kind = "accessor"
        self.add(
            "function",
            self.span(node),
            node.name,
            self.qualified(node.name),
            kind=kind,
            is_async=is_async,
            return_type=folded(self.text(node.returns)) if node.returns else None,
            is_static="staticmethod" in decorators or "classmethod" in decorators,
            is_abstract="abstractmethod" in decorators,
        )
        self.documentation(node)
        self.parameters(node, is_method and "staticmethod" not in decorators)
        for each in node.decorator_list:
            self.visit(each)
        self.scopes.append(("function", node.name))
        self.visit(node.args)
        if node.returns:
            self.visit(node.returns)
        for each in getattr(node, "type_params", []):
            self.visit(each)
        for each in node.body:
            self.visit(each)
        self.scopes.pop()

    def visit_ClassDef(self, node):
        self.classes.add(node.name)
        self.definition_head(node)
        names = [self.base_name(base).rsplit(".", 1)[-1] for base in node.bases]
        decorators = [self.decorator_name(each).rsplit(".", 1)[-1] for each in node.decorator_list]
        if ENUMS.intersection(names):
            kind = "enum"
        elif "Protocol" in names:
            kind = "interface"
        elif "dataclass" in decorators or {"NamedTuple", "TypedDict"}.intersection(names):
            kind = "record"
        else:
            kind = "class"
        self.add("class", self.span(node), node.name, self.qualified(node.name), kind=kind)
        self.documentation(node)
        for index, base in enumerate(node.bases):
            self.add("base", self.span(node)[:2] + [index], folded(self.base_name(base)), text=folded(self.text(base)))
        for each in node.decorator_list:
            self.visit(each)
        self.scopes.append(("class", node.name))
        for each in [*node.bases, *node.keywords, *getattr(node, "type_params", []), *node.body]:
            self.visit(each)
        self.scopes.pop()

    def base_name(self, base):
        return self.text(base.value if isinstance(base, ast.Subscript) else base)

    def visit_TypeAlias(self, node):
        name = node.name.id
        self.add("class", self.span(node), name, self.qualified(name), kind="type_alias")
        self.generic_visit(node)

    def documentation(self, node):
        text = ast.get_docstring(node, clean=True)
        if text and text.strip():
            # What a database cannot hold is not stored: NUL, carriage returns, halves of surrogate pairs.
            text = re.sub("[\ud800-\udfff]", "\ufffd", text.replace("\0", "").replace("\r", ""))
            self.add("doc_string", self.span(node)[:2], text.rstrip())

    def definition_head(self, node):
        for index, decorator in enumerate(node.decorator_list):
            arguments = None
            if isinstance(decorator, ast.Call):
                arguments = self.inside_parentheses(decorator)
            self.add("decorator", self.span(node)[:2] + [index], self.decorator_name(decorator), arguments=arguments)

    def decorator_name(self, decorator):
        return folded(self.text(decorator.func if isinstance(decorator, ast.Call) else decorator))

    def inside_parentheses(self, call):
        after = self.between(call.func.end_lineno, call.func.end_col_offset, call.end_lineno, call.end_col_offset)
        # A parenthesised callee ends before its own closing parenthesis.
        return folded(after[after.index("(") + 1 : -1]) if after.lstrip().startswith("(") else None

    def parameters(self, node, has_receiver):
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        without_default = len(positional) - len(arguments.defaults)
        found = []
        for index, each in enumerate(positional):
            default = arguments.defaults[index - without_default] if index >= without_default else None
            kind = "positional_only" if index < len(arguments.posonlyargs) else "ordinary"
            if index == 0 and has_receiver and each.arg in ("self", "cls", "mcs", "mcls"):
                kind = "receiver"
            found.append((each, kind, default))
        if arguments.vararg:
            found.append((arguments.vararg, "variadic", None))
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
            found.append((each, "keyword_only", default))
        if arguments.kwarg:
            found.append((arguments.kwarg, "keyword_variadic", None))
        at = self.span(node)[:2]
        for index, (each, kind, default) in enumerate(found):
            self.add(
                "parameter",
                [*at, index],
                each.arg,
                kind=kind,
                default=folded(self.text(default)) if default else None,
                annotation=folded(self.text(each.annotation)) if each.annotation else None,
            )

    # A lambda is a function where it is bound to a name.

    def visit_Assign(self, node):
        target = node.targets[-1]
        self.bound(node, [*node.targets], target, node.value)

    def visit_AnnAssign(self, node):
        self.bound(node, [node.target, node.annotation], node.target, node.value)

    def bound(self, node, others, target, value):
        for each in others:
            self.visit(each)
        if isinstance(value, ast.Lambda) and isinstance(target, ast.Name):
            qualified_name = self.qualified(target.id)
            self.add("function", self.span(value), target.id, qualified_name, kind="closure")
            self.parameters(value, False)
            self.scopes.append(("function", target.id))
            self.generic_visit(value)
            self.scopes.pop()
        elif value is not None:
            self.visit(value)

    # Imports.

    def visit_If(self, node):
        test = node.test
        is_checking = (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
            isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
        )
        self.visit(test)
        self.type_checking += is_checking
        for each in node.body:
            self.visit(each)
        self.type_checking -= is_checking
        for each in node.orelse:
            self.visit(each)

    def visit_Import(self, node):
        for each in node.names:
            self.modules.add(each.asname or each.name)
            self.imported(each, "module", each.name, None)

    def visit_ImportFrom(self, node):
        module = "." * node.level + (node.module or "")
        for each in node.names:
            if each.name == "*":
                self.imported(each, "wildcard", module, None)
            else:
                self.imported(each, "name", module, each.name)

    def imported(self, alias, kind, module, name):
        self.add(
            "import",
            [alias.lineno, alias.col_offset + 1],
            name or "",
            module,
            kind=kind,
            alias=alias.asname if alias.asname != name else None,
            is_type_only=self.type_checking > 0,
            is_relative=module.startswith("."),
        )

    # Calls.

    def visit_Call(self, node):
        callee = node.func
        if isinstance(callee, ast.Name):
            name = self.text(callee)
            self.call(node, callee.lineno, callee.col_offset, name, None, None)
        elif isinstance(callee, ast.Attribute):
            # The name is what the source ends with; `attr` may be another form of the same characters (NFKC).
            end = self.lines[callee.end_lineno - 1][: callee.end_col_offset].decode("utf-8", "replace")
            name = re.search(r"\w+$", end).group()
            column = callee.end_col_offset - len(name.encode())
            self.call(node, callee.end_lineno, column, name, folded(self.text(callee)), self.text(callee.value))
        self.generic_visit(node)

    def call(self, node, line, column, name, text, receiver):
        is_import = (text or name) in ("__import__", "import_module", "importlib.import_module")
        first = node.args[0] if node.args else None
        if is_import and isinstance(first, ast.Constant) and isinstance(first.value, str):
            at = [first.lineno, first.col_offset + 1]
            self.add("import", at, "", first.value, kind="dynamic", is_relative=first.value.startswith("."))
        enclosing = ""
        if self.innermost() == "function":
            enclosing = ".".join(name for _, name in self.scopes)
        self.add(
            "call",
            [line, column + 1],
            name,
            text=text,
            function=enclosing,
            arguments=str(len(node.args) + len(node.keywords)),
            kind="method" if text else "function",
        )
        self.receivers[len(self.facts) - 1] = receiver

    def settle_calls(self):
        """A call through an imported module is one of a function, the bare call of a class of the file makes one."""
        for index, receiver in self.receivers.items():
            fact = self.facts[index]
            if receiver in self.modules:
                fact["attributes"]["kind"] = "function"
            elif receiver is None and fact["name"] in self.classes:
                fact["attributes"]["kind"] = "constructor"

    def visit_JoinedStr(self, node):
        if sys.version_info < (3, 12):
            self.blind.append(self.span(node))
        self.generic_visit(node)


def lines_of(source):
    """The lines as the tokenizer counts them: ended by \\n, \\r\\n or \\r."""
    return re.findall(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z", source)


def facts_of(path, relative):
    with open(path, "rb") as file:
        source = file.read()
    if source.startswith(codecs.BOM_UTF8):
        source = source[3:]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        judge = Judge(lines_of(source))
        judge.visit(tree)
        judge.settle_calls()
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"path": relative, "error": f"{type(error).__name__}: {error}"}
    try:
        source.decode("utf-8")
    except UnicodeDecodeError:
        # The places are those of a text that was decoded and encoded anew.
        return {"path": relative, "error": "not UTF-8: places in bytes differ"}
    return {"path": relative, "facts": judge.facts, "blind": judge.blind}


def main(root):
    sys.setrecursionlimit(10_000)
    out = sys.stdout
    out.write(json.dumps(SCOPE) + "\n")
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if each not in SKIPPED_FOLDERS and not each.startswith("."))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(".py") and not name.startswith(".") and not os.path.islink(path):
                relative = os.path.relpath(path, root).replace(os.sep, "/")
                out.write(json.dumps(facts_of(path, relative)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
