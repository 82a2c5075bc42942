"""The tokens of CEL source, and what can be told from them: which functions it calls.

The lexis is https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax.
"""

import re
from collections.abc import Iterator
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
        """The value of a plain string literal; None for every other token and for one with escapes or prefix."""
        if self.kind != "string" or "\\" in self.text or self.text[0] not in "'\"":
            return None
        quotes = 3 if self.text[:3] in {'"""', "'''"} else 1
        return self.text[quotes:-quotes]


def tokens(source: str, start: int = 0) -> Iterator[Token]:
    """Answer the tokens from `start` on, without spaces and comments; what is no CEL comes as single signs."""
    for match in _TOKEN.finditer(source, start):
        if match.lastgroup and match.lastgroup != "space":
            yield Token(match.lastgroup, match[0], match.start())


@lru_cache(maxsize=64)
def all_tokens(source: str) -> tuple[Token, ...]:
    """Answer all of them; who compiles and who checks the source ask one after the other."""
    return tuple(tokens(source))


def calls(source: str) -> tuple[Token, ...]:
    """Answer the functions and methods that CEL source calls; a namespaced one (`math.abs`) with its namespace."""
    found: list[Token] = []
    last = (Token("", "", 0), Token("", "", 0), Token("", "", 0))
    for token in all_tokens(source):
        if token.text == "(" and last[2].kind == "name":
            is_namespaced = last[1].text == "." and last[0].text in NAMESPACES
            name = f"{last[0].text}.{last[2].text}" if is_namespaced else last[2].text
            found.append(Token("name", name, last[0].offset if is_namespaced else last[2].offset))
        last = (last[1], last[2], token)
    return tuple(found)
