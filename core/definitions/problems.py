"""A problem in a document: what is wrong and where."""

import dataclasses
import difflib
from collections.abc import Iterable

LONGEST = 100  # characters; longer names are not compared with others
MOST_KNOWN = 1_000


@dataclasses.dataclass(frozen=True)
class Problem:
    """One mistake at one place of what somebody wrote; `line` and `column` count from 1.

    `path` is the same place within the document: `("steps", 0, "url")`.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str | None = None
    path: tuple[str | int, ...] = dataclasses.field(default=(), compare=False)

    @property
    def field(self) -> str:
        """The dotted path, as an API names the field: `steps.0.url`."""
        return ".".join(map(str, self.path))

    def __str__(self) -> str:
        """Return `file:12:5: message hint`, the form that editors and terminals turn into a link."""
        sentence = f"{self.message} {self.hint}" if self.hint else self.message
        return f"{self.file}:{self.line}:{self.column}: {sentence}"


def nearest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return up to `limit` of the `known` names that are similar to `name`, the most similar first."""
    by_folded = {candidate.casefold(): candidate for candidate in known if len(candidate) <= LONGEST}
    if len(name) > LONGEST or len(by_folded) > MOST_KNOWN:
        return []
    return [by_folded[match] for match in difflib.get_close_matches(name.casefold(), by_folded, n=limit)]


def suggest(name: str, known: Iterable[str], *, plural: str) -> str:
    """Return the hint for an unknown `name`: the most similar known names, or else all of them.

    `plural` is the word for them ("Fields", "Step types").
    """
    candidates = sorted(known)
    close = nearest(name, candidates)
    if close:
        return f"Did you mean {one_of(close)}?"
    return f"{plural}: {', '.join(candidates)}." if candidates else f"{plural}: none."


def one_of(names: Iterable[str]) -> str:
    """Return `a`, `a or b`, `a, b or c`."""
    *head, tail = names
    return f"{', '.join(head)} or {tail}" if head else tail
