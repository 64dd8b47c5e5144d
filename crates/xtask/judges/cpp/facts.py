"""What clang says about C and C++ files: one JSON object a file on standard output.

Arguments: the root of a tree, the extensions of its files with commas between, and what clang is told. The form of an object is described
in crates/xtask/src/accuracy/fact.rs. Nothing here knows tree-sitter: everything comes from libclang (PyPI: `libclang`).

Clang begins a template at `template` and a declaration at what stands before it: facts are joined on where they end. What the preprocessor
leaves out, clang does not see; what a macro expands to, it sees at the place of the macro: both are said to be blind. A file whose includes are
not found, or that clang does not understand, is not judged.
"""

import bisect
import ctypes
import json
import os
import sys

from clang import cindex
from clang.cindex import CursorKind as Kind

from references import References
from signatures import parameters, return_type

SCOPE = {
    "function": ["kind", "is_abstract", "return_type"],
    "class": ["kind"],
    "parameter": ["kind", "annotation"],
    "import": ["kind", "is_relative"],
    "call": ["kind", "arguments"],
}
FUNCTIONS = {
    Kind.FUNCTION_DECL: "function", Kind.CXX_METHOD: "method", Kind.CONSTRUCTOR: "constructor",
    Kind.DESTRUCTOR: "destructor", Kind.CONVERSION_FUNCTION: "method", Kind.FUNCTION_TEMPLATE: "function",
}
CLASSES = {
    Kind.CLASS_DECL: "class", Kind.STRUCT_DECL: "struct", Kind.UNION_DECL: "union", Kind.ENUM_DECL: "enum",
    Kind.CLASS_TEMPLATE: "class", Kind.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION: "class",
}
ALIASES = {Kind.TYPEDEF_DECL, Kind.TYPE_ALIAS_DECL, Kind.TYPE_ALIAS_TEMPLATE_DECL}
# Declarations that hold others.
HOLDERS = {Kind.NAMESPACE, Kind.LINKAGE_SPEC, Kind.UNEXPOSED_DECL, *CLASSES}


class SourceRangeList(ctypes.Structure):
    _fields_ = [("count", ctypes.c_uint), ("ranges", ctypes.POINTER(cindex.SourceRange))]


def skipped_ranges(unit, file):
    """Where the preprocessor left something out: the binding does not offer this function of the library."""
    function = cindex.conf.lib.clang_getSkippedRanges
    function.restype = ctypes.POINTER(SourceRangeList)
    found = function(unit, file)
    return [found.contents.ranges[index] for index in range(found.contents.count)]


class Judge:
    def __init__(self, unit, path, source):
        self.unit, self.path, self.source = unit, path, source
        self.starts = [0]
        for place, byte in enumerate(source):
            if byte == 10:
                self.starts.append(place + 1)
        self.facts, self.blind = [], []
        # Where the bodies of functions are, by offset.
        self.bodies = []
        self.references = References(self)

    def place(self, offset):
        line = bisect.bisect_right(self.starts, offset)
        return [line, offset - self.starts[line - 1] + 1]

    def run(self):
        file = self.unit.get_file(self.path)
        for span in skipped_ranges(self.unit, file):
            self.blind.append([span.start.line, span.start.column, span.end.line, span.end.column])
        self.visit(self.unit.cursor)
        self.references.preprocessed(self.unit.cursor)
        # A type that a typedef defines is a child of it too, and a file may include itself.
        facts = list({json.dumps(fact): fact for fact in self.facts}.values())
        return facts, self.blind

    def is_here(self, cursor):
        file = cursor.location.file
        return file is not None and file.name == self.path

    def visit(self, cursor):
        for child in cursor.get_children():
            if child.kind == Kind.TRANSLATION_UNIT or not self.is_here(child):
                if child.kind not in (Kind.LINKAGE_SPEC, Kind.UNEXPOSED_DECL):
                    continue
            kind = child.kind
            if kind in FUNCTIONS:
                self.function(child)
            elif kind in CLASSES and child.is_definition():
                self.named_class(child)
            elif kind in ALIASES:
                self.alias(child)
            elif kind == Kind.CALL_EXPR:
                self.references.call(child)
            elif kind in (Kind.USING_DIRECTIVE, Kind.USING_DECLARATION):
                # An import to the extractor; clang is asked for includes alone.
                start, end = child.extent.start.offset, child.extent.end.offset
                self.blind.append([*self.place(start), *self.place(end), "import"])
            elif kind in (Kind.TYPE_REF, Kind.TEMPLATE_REF):
                self.references.constructed(child)
            self.visit(child)

    def is_in_function(self, offset):
        return any(start <= offset < end for start, end in self.bodies)

    def is_written(self, cursor, name):
        """Whether the name stands where the cursor is: what a macro makes stands nowhere."""
        offset = cursor.location.offset
        return self.source[offset:].startswith(name.encode()) or self.source[offset:].lstrip().startswith(name.encode())

    def end_with_semicolon(self, offset):
        end = self.source.find(b";", offset)
        return offset if end < 0 else end + 1

    def qualified(self, cursor, name):
        names = [name]
        around = cursor.semantic_parent
        while around is not None and around.kind != Kind.TRANSLATION_UNIT:
            if around.kind == Kind.NAMESPACE and ("anonymous" in around.spelling or not around.spelling):
                names.append("(anonymous namespace)")
            elif around.kind == Kind.NAMESPACE:
                # A namespace that a macro opens is not written.
                if not self.is_here(around) or self.is_written(around, around.spelling):
                    names.append(around.spelling)
            elif around.kind not in (Kind.LINKAGE_SPEC, Kind.UNEXPOSED_DECL):
                names.append(self.class_name(around))
            around = around.semantic_parent
        return "::".join(reversed(names))

    def class_name(self, cursor):
        """A name, with its arguments where the class is a specialization."""
        name = bare(cursor.spelling)
        if not self.is_here(cursor):
            return name
        start = cursor.location.offset
        place = start + len(name.encode())
        if cursor.kind in CLASSES and self.source[place:place + 1] == b"<":
            depth = 0
            for end in range(place, min(place + 2000, len(self.source))):
                depth += (self.source[end:end + 1] == b"<") - (self.source[end:end + 1] == b">")
                if depth == 0:
                    return " ".join(self.source[start:end + 1].decode(errors="replace").split())
        return name

    def add(self, fact, cursor, end, name, unknown=(), **said):
        said = {key: value for key, value in said.items() if value}
        self.facts.append(
            {
                "kind": fact,
                "at": self.place(end),
                "name": name,
                "qualified_name": self.qualified(cursor, name),
                "attributes": said,
                "unknown": list(unknown),
            }
        )

    def hide(self, cursor, end=None):
        line, column = self.place(cursor.extent.end.offset if end is None else end)
        self.blind.append([line, column, line, column + 2])

    def function(self, cursor):
        name = bare(cursor.spelling)
        end = cursor.extent.end.offset
        is_pure = cursor.kind == Kind.CXX_METHOD and cursor.is_pure_virtual_method()
        if not (cursor.is_definition() or is_pure or cursor.is_default_method()):
            return
        first = "operator" if name.startswith("operator") else name
        if not self.is_written(cursor, first):
            self.hide(cursor)
            return
        text = self.source[cursor.location.offset:end]
        if not text.rstrip().endswith(b"}"):
            if text.rstrip().endswith(b"delete"):
                return
            end = self.end_with_semicolon(end)
        kind = FUNCTIONS[cursor.kind]
        around = cursor.semantic_parent
        if cursor.kind == Kind.FUNCTION_TEMPLATE and around is not None and around.kind in CLASSES:
            kind = "constructor" if name == bare(around.spelling) else "method"
        if name.startswith("operator") and not name[8:].isidentifier():
            what = name[8:].strip()
            name = f"operator {what}" if what[0].isalpha() else f"operator{what}"
            kind = "method"
        else:
            self.bodies.append((cursor.location.offset, end))
        is_pure = is_pure and not text.rstrip().endswith(b"}")
        returned, unknown = return_type(self, cursor)
        self.add(
            "function", cursor, end, name, unknown, kind=kind, is_abstract="true" if is_pure else "", return_type=returned
        )
        parameters(self, cursor, end)

    def named_class(self, cursor):
        name = bare(cursor.spelling)
        end = cursor.extent.end.offset
        if cursor.is_anonymous() or "(" in name or not name:
            self.hide(cursor)
            return
        if not self.is_written(cursor, name) or self.source[end - 1:end] != b"}":
            self.hide(cursor)
            return
        kind = CLASSES[cursor.kind]
        if kind == "class":
            words = self.source[max(0, cursor.location.offset - 400):cursor.location.offset]
            at = {word: words.rfind(word.encode()) for word in ("struct", "class", "union")}
            kind = max(at, key=at.get)
        self.add("class", cursor, end, self.class_name(cursor), kind=kind)

    def alias(self, cursor):
        name = bare(cursor.spelling)
        if not self.is_written(cursor, name):
            self.hide(cursor, self.end_with_semicolon(cursor.extent.end.offset))
            return
        declared = cursor.underlying_typedef_type.get_declaration() if cursor.kind != Kind.TYPE_ALIAS_TEMPLATE_DECL else None
        end = self.end_with_semicolon(cursor.extent.end.offset)
        if declared is not None and declared.kind in CLASSES and cursor.kind == Kind.TYPEDEF_DECL:
            # The name of a type that has none, or the same name again, names nothing new.
            if declared.spelling == name or declared.is_anonymous():
                return
        self.add("class", cursor, end, name, kind="type_alias")


def bare(spelling):
    """A name without template arguments."""
    if spelling.startswith("operator"):
        return spelling
    return spelling.split("<", 1)[0]


def main(root, extensions, arguments):
    print(json.dumps(SCOPE))
    index = cindex.Index.create()
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if name.endswith(tuple(extensions.split(","))):
                path = os.path.join(folder, name)
                print(json.dumps({"path": os.path.relpath(path, root), **read(index, path, arguments)}), flush=True)


def read(index, path, arguments):
    with open(path, "rb") as file:
        source = file.read()
    try:
        unit = index.parse(path, arguments, options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
    except cindex.TranslationUnitLoadError as error:
        return {"error": str(error)}
    def is_meant(each):
        # What clang does not understand in the headers of another compiler is no matter.
        here = each.location.file is not None and each.location.file.name == path
        return each.severity == cindex.Diagnostic.Fatal or each.severity == cindex.Diagnostic.Error and here

    wrong = [each for each in unit.diagnostics if is_meant(each)]
    if wrong:
        return {"error": wrong[0].spelling}
    facts, blind = Judge(unit, path, source).run()
    return {"facts": facts, "blind": blind}


main(sys.argv[1], sys.argv[2], sys.argv[3:])
