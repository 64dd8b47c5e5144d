"""Parameters and return types, as clang sees them: the part of facts.py that speaks of heads of functions.

Clang knows a type, not how it is written. The text is taken from the source, and is said only where clang, asked for the type, says the
same words; where a macro or `auto` stands in it, the type is said to be unknown.
"""

import re

from clang.cindex import CursorKind as Kind

# Words before a function that are no part of what it returns.
WORDS = re.compile(r"\b(?:static|inline|extern|virtual|constexpr|explicit|friend|register|_Noreturn|typename)\b")


def parameters(judge, cursor, end):
    """Every parameter of a function, by its number; an ellipsis is the last."""
    found = [child for child in cursor.get_children() if child.kind == Kind.PARM_DECL]
    for number, parameter in enumerate(found):
        said, unknown = {"kind": "ordinary"}, []
        written = text_of(judge, parameter)
        if written is None:
            unknown = ["kind", "annotation"]
        elif "..." in written:
            said["kind"] = "variadic"
        if written is not None:
            said["annotation"] = written
            if not is_same(written, parameter.type.spelling):
                unknown.append("annotation")
        add(judge, end, number, parameter.spelling, said, unknown)
    if cursor.type.is_function_variadic() if cursor.type.kind.name == "FUNCTIONPROTO" else False:
        add(judge, end, len(found), "", {"kind": "variadic"}, [])


def add(judge, end, number, name, said, unknown):
    at = [*judge.place(end), number]
    judge.facts.append({"kind": "parameter", "at": at, "name": name, "attributes": said, "unknown": unknown})


def text_of(judge, parameter):
    """The type as it is written around the name; none where it does not stand there."""
    start, end = parameter.extent.start.offset, parameter.extent.end.offset
    text, name = judge.source[start:end], parameter.spelling.encode()
    at = parameter.location.offset - start
    if end <= start or name and text[at:at + len(name)] != name:
        return None
    if name:
        before, after = text[:at], text[at + len(name):]
    else:
        before, after = text, b""
    after = re.split(rb"(?<![<>=!])=(?!=)", after)[0]
    if not name:
        before = re.split(rb"(?<![<>=!])=(?!=)", before)[0]
    return folded(before.rstrip() + (b"" if not after.strip() else after.rstrip()))


def return_type(judge, cursor):
    """What stands before the name, when clang says that it is the type; else none, and that it is unknown."""
    if cursor.kind in (Kind.CONSTRUCTOR, Kind.DESTRUCTOR, Kind.CONVERSION_FUNCTION):
        return "", []
    start, at = cursor.extent.start.offset, cursor.location.offset
    text = folded(judge.source[start:at])
    text = re.sub(r"^template\s*<.*?>\s*(?=\w)", "", text)
    # `Class::` before the name.
    text = re.sub(r"(?:[\w~]+(?:<[^>]*>)?::)+$", "", text)
    text = folded(WORDS.sub("", text).encode())
    spelling = cursor.result_type.spelling
    return (text, []) if text and is_same(text, spelling) else ("", ["return_type"])


def folded(text):
    """The text without spaces but those between two words."""
    return re.sub(r"(?<=\W) | (?=\W)", "", " ".join(text.decode(errors="replace").split()))


def is_same(written, spelling):
    """Whether clang's words for a type are those in the source, whatever the spaces between them."""
    return re.sub(r"\s+", "", written) == re.sub(r"\s+", "", spelling)
