"""Which variables and members an expression names.

The library answers only the root names. Validation and secrets need to know more: that it is `incident.severity`
which is meant, and where it stands. CEL's grammar is small enough to read that off the tokens.
"""

from dataclasses import dataclass

from core.definitions.cel_tokens import MACROS, NAMESPACES, Token, all_tokens

_LITERAL_NAMES = frozenset({"true", "false", "null", "in"})


@dataclass(frozen=True)
class Reference:
    """A variable that an expression names, with the members taken from it: `incident.labels["pager"]`.

    `offset` and `end` enclose it in the source. `dynamic`: more is taken from it by an index that is only known
    when the expression is evaluated. `in_has`: it stands in `has(…)`, which asks whether it is there.
    """

    root: str
    members: tuple[str, ...]
    offset: int
    end: int = 0
    dynamic: bool = False
    in_has: bool = False

    @property
    def path(self) -> str:
        """The reference with dots: `incident.labels.pager`."""
        return ".".join((self.root, *self.members))


def references(source: str) -> tuple[Reference, ...]:
    """Answer the variables that valid CEL names, in order; those bound by a macro (`x` in `.exists(x, …)`) not."""
    return _Reader(all_tokens(source)).read()


class _Reader:
    """Walks the tokens once; remembers which names the open macros bind."""

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
        if self._is_call(after - 1) and members:  # the last name was a method, or a namespaced function
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
