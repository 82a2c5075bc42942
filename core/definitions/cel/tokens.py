"""CEL source as tokens (https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax), and what they reveal:
calls, references and headers.

The library reports only the root names of an expression. Validation and secrets also need the members
(`incident.severity`) and their positions, and CEL's grammar is simple enough to read them off the tokens.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
TYPE_NAMES = frozenset(
    {"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"}
)
NAMESPACES = frozenset({"base64", "math", "optional", "strings"})

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|//[^\n]*)
    | (?P<string>
          [bB]?[rR](?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"[^"\n]*"|'[^'\n]*')
        | [bB]?(?:\"{3}(?:\\[\s\S]|[^\\])*?\"{3}|'{3}(?:\\[\s\S]|[^\\])*?'{3}
                 |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      )
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>0x[0-9A-Fa-f]+[uU]?|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[uU]?)
    | (?P<sign>&&|\|\||==|!=|<=|>=|[\s\S])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, eq=False)
class Token:
    """One token: `kind` is string, name, number or sign; `offset` counts characters from 0."""

    kind: str
    text: str
    offset: int

    @cached_property
    def literal(self) -> str | None:
        """The value of a plain string literal; None for any other token, and for one with escapes or a prefix."""
        if self.kind != "string" or "\\" in self.text or self.text[0] not in "'\"":
            return None
        quotes = 3 if self.text[:3] in {'"""', "'''"} else 1
        return self.text[quotes:-quotes]


def tokens(source: str, start: int = 0) -> Iterator[Token]:
    """Yield the tokens from `start` on, without spaces and comments. Anything that is not CEL becomes single signs."""
    for match in _TOKEN.finditer(source, start):
        if match.lastgroup and match.lastgroup != "space":
            yield Token(match.lastgroup, match[0], match.start())


@lru_cache(maxsize=64)
def all_tokens(source: str) -> tuple[Token, ...]:
    """Return all tokens; cached, since compilation and validation ask for them in turn."""
    return tuple(tokens(source))


def calls(source: str) -> tuple[Token, ...]:
    """Return the functions and methods that CEL source calls; a namespaced one (`math.abs`) with its namespace."""
    found: list[Token] = []
    last = (Token("", "", 0), Token("", "", 0), Token("", "", 0))
    for token in all_tokens(source):
        if token.text == "(" and last[2].kind == "name":
            is_namespaced = last[1].text == "." and last[0].text in NAMESPACES
            name = f"{last[0].text}.{last[2].text}" if is_namespaced else last[2].text
            found.append(Token("name", name, last[0].offset if is_namespaced else last[2].offset))
        last = (last[1], last[2], token)
    return tuple(found)


_LITERAL_NAMES = frozenset({"true", "false", "null", "in"})


@dataclass(frozen=True)
class Reference:
    """A variable that an expression uses, with the members accessed: `incident.labels["pager"]`.

    `offset` and `end` enclose it in the source. `dynamic`: it is also accessed by an index known only at evaluation.
    `in_has`: it is inside `has(…)`, which checks whether it exists.
    """

    root: str
    members: tuple[str, ...]
    offset: int
    end: int = 0
    dynamic: bool = False
    in_has: bool = False

    @property
    def path(self) -> str:
        """The dotted reference: `incident.labels.pager`."""
        return ".".join((self.root, *self.members))


def references(source: str) -> tuple[Reference, ...]:
    """Return the variables that valid CEL uses, in order, except those bound by a macro (`x` in `.exists(x, …)`)."""
    return _Reader(all_tokens(source)).read()


class _Reader:
    """Walks the tokens once, and keeps track of the names that open macros bind."""

    def __init__(self, all_tokens: tuple[Token, ...]) -> None:
        self.tokens = all_tokens
        self.found: list[Reference] = []
        self.open_brackets: list[str | None] = []

    def read(self) -> tuple[Reference, ...]:
        at = 0
        while at < len(self.tokens):
            at = self._step(at)
        return tuple(self.found)

    def _step(self, at: int) -> int:
        text = self.tokens[at].text
        if text in {"(", "[", "{"}:
            self.open_brackets.append(self._bound_by_macro(at))
        elif text in {")", "]", "}"} and self.open_brackets:
            self.open_brackets.pop()
        elif self._is_variable(at):
            return self._reference(at)
        return at + 1

    def _bound_by_macro(self, at: int) -> str | None:
        is_macro = self._text(at - 2) == "." and self._text(at - 1) in MACROS
        is_bound = self._kind(at + 1) == "name" and self._text(at + 2) == ","
        return self._text(at + 1) if is_macro and is_bound else None

    def _is_variable(self, at: int) -> bool:
        return (
            self._kind(at) == "name"
            and self._text(at) not in _LITERAL_NAMES
            and not self._is_member(at)
            and self._text(at + 1) not in {"(", "{"}
            and self._text(at) not in self.open_brackets
        )

    def _is_member(self, at: int) -> bool:
        return self._text(at - 1) == "." and (
            self._kind(at - 2) in {"name", "string", "number"} or self._text(at - 2) in {")", "]", "}"}
        )

    def _reference(self, at: int) -> int:
        root, members, after = self.tokens[at], list[str](), at + 1
        while (member := self._member_at(after)) is not None:
            name, after = member
            members.append(name)
        if self._is_call(after - 1) and members:  # the last name was a method or a namespaced function
            members.pop()
            if not members and self._is_namespace(root.text, after - 1):
                return after
        self.found.append(self._found(at, tuple(members), after))
        return after

    def _found(self, at: int, members: tuple[str, ...], after: int) -> Reference:
        root, last = self.tokens[at], self.tokens[after - 1]
        return Reference(
            root.text,
            members,
            root.offset,
            end=last.offset + len(last.text),
            dynamic=self._text(after) == "[",
            in_has=(self._text(at - 2), self._text(at - 1)) == ("has", "("),
        )

    def _member_at(self, at: int) -> tuple[str, int] | None:
        if self._text(at) == "." and self._kind(at + 1) == "name":
            return self._text(at + 1), at + 2
        if self._text(at) == "[" and self._text(at + 2) == "]":
            literal = self.tokens[at + 1].literal
            return None if literal is None else (literal, at + 3)
        return None

    def _is_call(self, at: int) -> bool:
        return self._kind(at) == "name" and self._text(at + 1) == "("

    def _is_namespace(self, root: str, at: int) -> bool:
        return root in NAMESPACES and self._text(at - 1) == "."

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _kind(self, at: int) -> str:
        return self.tokens[at].kind if 0 <= at < len(self.tokens) else ""


def with_spelled_headers(
    variables: Mapping[str, object], source: str, references: Iterable[Reference]
) -> Mapping[str, object]:
    """Add to `response.headers`, whose names are in lower case, each spelling that the source uses.

    Header names are case-insensitive (RFC 9110, 5.1): `response.headers["Content-Type"]` finds `content-type`.
    Spellings in the values of variables count as well. `variables` are copies owned by the caller.
    """
    response = variables.get("response")
    headers = response.get("headers") if isinstance(response, dict) else None
    if isinstance(headers, dict):
        for name in set(_asked(variables, source, references)):
            if name.lower() in headers:
                headers[name] = headers[name.lower()]
    return variables


def _asked(variables: Mapping[str, object], source: str, references: Iterable[Reference]) -> Iterator[str]:
    """Yield every text that the source may use as a key: a text in it, a member, the value of a variable."""
    yield from (token.literal for token in all_tokens(source) if token.literal is not None)
    for reference in references:
        found = variables.get(reference.root)
        for member in reference.members:
            yield member
            found = found.get(member) if isinstance(found, dict) else None
        if isinstance(found, str):
            yield found
