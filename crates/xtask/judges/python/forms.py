"""Every form of definition and call that the judge compares, and what the extractor once had wrong."""

from __future__ import annotations

import a.b.c
import importlib
import os.path as path, sys
from . import sibling
from .. import (
    one as eins,  # a comment
    two,
)
from typing import *

if typing.TYPE_CHECKING:
    for each in range(3):
        with open("x"):
            if True:
                from ..checked import Only

importlib.import_module(".plugin", package=__name__)
__import__("x" "y")


class Empty: ...


class Child(Empty, a.b.C[int], *mixins(), metaclass=Meta, **options):
    '''Not \"one\" line.\t
      indented
        deeper\
    '''

    @property
    def value(self) -> "int": return self._value  # after

    @value.setter
    @(lambda f: f)
    def value(self, value: int = (1 + 2), /, *rest: str, key=[*range(3)], **others: dict[str, int]) -> None:
        self._value = value
        # the body ends above

    # so does the class


def outer(a, b=f(1), /, c: "text" = None, *, d, e=lambda: g(), **k):
    # first
    # second
    ("in " r"parentheses\n")

    class Inner(a.B):
        x = made(1)

        async def method(this): await this.x(

            1,  # one
            2,
        )

    def inner(): return Inner().method().more(), [*a.b(), *c()], (d)(), (e.f)(), h[0](), i()(), f"{j(1)!r:>{k(2)}}"

    type(a).b = c
    type(a)(b)
    return inner


parenthesised = (
    lambda x: called(x)
)
first = second = lambda *x: None
annotated: Callable = lambda x, /, y=1, *, z: None
print(*map(str, x), sep="", **{**k()}, )
async def last(x: int = 1): return [y async for y in x() if y.z()]; pass
@decorated
@decorated.call(1, two=2)
@decorated [0]
class Decorated(object): x: int = 1; y = 2
match command():
    case Point(x=0) | [first_of(), *_] if guard(): handled()
    case _: pass
try: tried()
except (A, B) as error: raise C(error) from error
else: elsewhere()
finally: at_last()
