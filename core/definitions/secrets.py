"""How definitions use secrets: whole, as `{{ secrets.NAME }}` in a text, and in no other way.

So a text with secrets can be shown with their places marked, whatever they are, and no expression can ask about one.
"""

import json
import re
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from core.definitions.cel_references import Reference
from core.errors import ExpressionError

ROOT = "secrets"
MISUSED = "A secret is used whole: {{ secrets.NAME }} in a text, with no function, operator or index."
HINT = "Do the rest where it arrives, or keep the ready form as a secret of its own."
_WHOLE = re.compile(r"secrets\.([A-Za-z][A-Za-z0-9_]*)")
_PLACE = re.compile(r"\{\{\s*secrets\.([A-Za-z][A-Za-z0-9_]*)\s*\}\}")
_IN_KEY = re.compile(r"\{\{[^}]*\bsecrets\b")


@runtime_checkable
class SecretTaker(Protocol):
    """The value of `secrets` in a scope: what templates ask for each `{{ secrets.NAME }}`."""

    def take(self, name: str) -> str:
        """Answer what stands in its place; raises RunbookError for one that may not be used."""


class Withheld:
    """What expressions see as `secrets`: nothing. Every use of it there is a mistake, and said so."""

    def resolve(self, asked: tuple[Reference, ...]) -> Mapping[str, object]:  # noqa: ARG002 as in LazyScope
        """Raise ExpressionError."""
        raise ExpressionError(MISUSED, hint=HINT)


class SecretPlaces(Withheld):
    """Puts each secret's place where the secret would be: for what is shown and kept."""

    def take(self, name: str) -> str:
        return place(name)


def whole_secret(source: str) -> str | None:
    """Answer the name where an expression is a secret and nothing else."""
    found = _WHOLE.fullmatch(source)
    return found[1] if found else None


def place(name: str) -> str:
    return f"{{{{ secrets.{name} }}}}"


def is_place(source: str, rendered: str) -> bool:
    """Whether the hole `source` was filled with the place of a secret, and not with the secret."""
    name = whole_secret(source)
    return name is not None and rendered == place(name)


def with_places_masked(text: str, mask: str) -> str:
    """A shown text with every place of a secret as if the secret had stood there and been masked."""
    return _PLACE.sub(mask, text)


def names_secrets_in_key(key: str) -> bool:
    return _IN_KEY.search(key) is not None


def named_secrets(document: object) -> set[str]:
    """Answer the secrets that a document as plain JSON uses, in whatever fields."""
    return set(_PLACE.findall(json.dumps(document, ensure_ascii=False)))
