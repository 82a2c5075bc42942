"""The calls in CEL source: which function, how many arguments, as a function or as a method."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.definitions.cel.tokens import NAMESPACES, Token, all_tokens

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True)
class CallShape:
    """A call as written: its `name`, whether it is a method call, and the number of arguments.

    `only`: the token of the argument, if there is only one and it is a string literal.
    """

    name: Token
    is_method: bool
    count: int
    only: Token | None


def call_shapes(source: str) -> Iterator[CallShape]:
    """Yield the calls in CEL source, in order."""
    found = all_tokens(source)
    for at, token in enumerate(found):
        if token.text != "(" or at == 0 or found[at - 1].kind != "name":
            continue
        name, is_method = found[at - 1], found[at - 2].text == "." if at > 1 else False
        if is_method and at > 2 and found[at - 3].text in NAMESPACES:
            name, is_method = Token("name", f"{found[at - 3].text}.{name.text}", found[at - 3].offset), False
        inner = _inside(found, at)
        only = inner[0] if len(inner) == 1 and inner[0].kind == "string" else None
        yield CallShape(name, is_method, _count(inner), only)


def _inside(found: tuple[Token, ...], opened: int) -> tuple[Token, ...]:
    depth = 0
    for at in range(opened, len(found)):
        depth += (found[at].text in _OPENING) - (found[at].text in _CLOSING)
        if depth == 0:
            return found[opened + 1 : at]
    return found[opened + 1 :]


def _count(inner: tuple[Token, ...]) -> int:
    """Return the number of arguments: the commas at the top level, plus one. A trailing comma is not counted."""
    depth = commas = 0
    for token in inner:
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        commas += token.text == "," and depth == 0
    return commas + 1 if inner else 0
