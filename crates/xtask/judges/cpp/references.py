"""Calls and includes, as clang sees them: the part of facts.py that speaks of what is used, not defined.

A call's callee is what clang says is called; its name is the last word of the callee as it is written, and stands where that word stands.
Operators are calls to clang and none here: nothing in parentheses follows what they call. A use of a macro with arguments is a call of the
macro; what is inside its parentheses clang sees at the place of the macro, so that nothing is compared there. What constructs (`Point(1)`,
`new Point`, `Point p(1)`) is not compared: clang says neither where its name stands nor whether it is written.
"""

import re

from clang.cindex import CursorKind as Kind

NAME = re.compile(rb"(~?[A-Za-z_]\w*)$")
INCLUDE = re.compile(rb'\s*#\s*include\s*(?:([<"])([^>"\n]*)[>"]|(\w+))')
BLANKS = re.compile(rb"(?:\s|\\\n|//[^\n]*\n|/\*.*?\*/)*", re.S)


class References:
    """Reads a unit; `judge` has the source, its places and the lists of facts and blind spans."""

    def __init__(self, judge):
        self.judge = judge
        self.source = judge.source

    def preprocessed(self, cursor):
        """Includes and uses of macros, which clang lists before everything else."""
        for child in cursor.get_children():
            if not self.judge.is_here(child):
                continue
            if child.kind == Kind.INCLUSION_DIRECTIVE:
                self.include(child)
            elif child.kind == Kind.MACRO_INSTANTIATION:
                self.macro(child)
            elif child.kind == Kind.MACRO_DEFINITION:
                self.definition(child)

    def definition(self, cursor):
        """Where a definition of a macro ends is another place to clang; ctags judges macros."""
        first, last = cursor.extent.start.line, cursor.extent.end.line
        for kind in ("function", "parameter"):
            self.judge.blind.append([first, 0, last + 2, 0, kind])

    def include(self, cursor):
        start = cursor.extent.start.offset
        found = INCLUDE.match(self.source, start)
        if not found:
            self.judge.hide(cursor, start)
            return
        quote, path, macro = found.groups()
        said = {"kind": "include"}
        if quote == b'"':
            said["is_relative"] = "true"
        at = self.judge.place(found.start(1) if quote else found.start(3))
        module = (path if quote else macro).decode(errors="replace")
        self.judge.facts.append({"kind": "import", "at": at, "name": "", "qualified_name": module, "attributes": said})

    def macro(self, cursor):
        """A macro with arguments inside a function is called; elsewhere, and in directives, it is anything."""
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        name = cursor.spelling.encode()
        after = start + len(name)
        has_arguments = self.source[end - 1:end] == b")" and self.source[start:after] == name and end > after
        if not has_arguments:
            return
        self.judge.blind.append([*self.judge.place(after), *self.judge.place(end), "call"])
        line = self.source[self.source.rfind(b"\n", 0, start) + 1:start]
        if line.lstrip().startswith(b"#") or not self.judge.is_in_function(start):
            self.judge.blind.append([*self.judge.place(start), *self.judge.place(after), "call"])
            return
        opening = self.source.find(b"(", after)
        self.add(start, cursor.spelling, "function", count_of(self.source[opening + 1:end - 1]))

    def call(self, cursor):
        callee = next(cursor.get_children(), None)
        start = cursor.extent.start.offset
        if callee is None or callee.extent.start.offset != start:
            return
        end = callee.extent.end.offset
        opening = BLANKS.match(self.source, end).end()
        if self.source[opening:opening + 1] != b"(" or self.is_made_by_a_macro(cursor, start, end):
            return
        text = without_what_is_behind_the_name(self.source[start:end])
        found = NAME.search(text)
        if not found:
            return
        before = text[:found.start()].rstrip()
        kind = "method" if before.endswith((b".", b"->")) else "function"
        arguments = [each for each in cursor.get_arguments() if each is not None and each.extent.start.offset > end]
        self.add(start + found.start(), found.group(1).decode(), kind, len(arguments))

    def is_made_by_a_macro(self, cursor, start, end):
        """Whether the place is that of a macro, whose expansion calls."""
        return cursor.extent.start.offset == cursor.extent.end.offset or start >= end

    def constructed(self, cursor):
        """Where a type is named, something may be constructed."""
        start = cursor.extent.start.offset
        self.judge.blind.append([*self.judge.place(start), *self.judge.place(cursor.extent.end.offset), "call"])

    def add(self, offset, name, kind, count):
        said = {"kind": kind, "arguments": str(count)}
        self.judge.facts.append({"kind": "call", "at": self.judge.place(offset), "name": name, "attributes": said})


def without_what_is_behind_the_name(callee):
    """The callee up to its last word: without parentheses around it and arguments of templates."""
    text = callee.rstrip()
    while text.startswith(b"(") and text.endswith(b")"):
        text = text[:-1].rstrip()
        depth = text[1:].count(b"(") - text[1:].count(b")")
        if depth:
            return b""
        # The parenthesis that opens stays, so that places stay.
        text = b" " + text[1:]
    if text.endswith(b">"):
        depth = 0
        for place in range(len(text) - 1, -1, -1):
            depth += (text[place:place + 1] == b">") - (text[place:place + 1] == b"<")
            if depth == 0:
                return text[:place].rstrip()
    return text


def count_of(arguments):
    """How many arguments stand between parentheses."""
    text = re.sub(rb'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'|/\*.*?\*/|//[^\n]*', b"x", arguments, flags=re.S)
    if not text.strip():
        return 0
    depth, count = 0, 1
    for byte in text:
        depth += (byte in b"([{") - (byte in b")]}")
        count += byte == 44 and depth == 0
    return count
