"""Secrets: `secrets.NAME` in an expression, read from the environment or a mounted file at the moment of use."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from core.definitions.cel_references import Reference
from core.definitions.masking import Masker
from core.definitions.problems import suggest
from core.errors import ConfigurationError, ExpressionError, NotFound

__all__ = ["EnvironmentSecrets", "Masker", "SecretScope", "SecretSource"]

PREFIX = "RUNBOOK_SECRET_"
FILE_SUFFIX = "_FILE"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LARGEST_FILE = 65_536


class SecretSource(Protocol):
    """Where secrets come from."""

    def get(self, name: str) -> str:
        """Answer the secret of that name; raises NotFound or ConfigurationError, never with a value in it."""


class EnvironmentSecrets:
    """Reads `RUNBOOK_SECRET_<NAME>`, or the file that `RUNBOOK_SECRET_<NAME>_FILE` names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Take the environment, usually `os.environ`; nothing is read yet."""
        self._environ = environ

    def get(self, name: str) -> str:
        """Answer the secret. The one newline that ends a file does not belong to it.

        Raises NotFound where neither is set, ConfigurationError where it is empty or the file cannot be read.
        """
        variable = PREFIX + name
        if not _NAME.fullmatch(name):
            raise NotFound(f"{name!r} cannot be the name of a secret.", hint="Letters, digits and _ only.")
        if variable in self._environ:
            value = self._environ[variable]
        elif variable + FILE_SUFFIX in self._environ:
            value = _read(Path(self._environ[variable + FILE_SUFFIX]), variable + FILE_SUFFIX)
        else:
            raise NotFound(f"The secret {name} is not set.", hint=self._hint(name))
        if not value:
            raise ConfigurationError(f"The secret {name} is empty.", hint=f"Set {variable}.")
        return value

    def names(self) -> list[str]:
        """Answer the names of the secrets that are set."""
        # X_FILE is a secret of its own only beside a plain X: otherwise it says where X is read.
        found = {variable.removeprefix(PREFIX) for variable in self._environ if variable.startswith(PREFIX)}
        return sorted({name.removesuffix(FILE_SUFFIX) for name in found} - {""})

    def values(self) -> list[str]:
        """Answer every secret that can be read, for a Masker; one that cannot be read has nothing to hide."""
        found = []
        for name in self.names():
            try:
                found.append(self.get(name))
            except (NotFound, ConfigurationError):
                continue
        return found

    def _hint(self, name: str) -> str:
        near = suggest(name, self.names(), plural="Secrets that are set")
        return f"Set {PREFIX}{name} or {PREFIX}{name}{FILE_SUFFIX} for the workers. {near}"


def _read(path: Path, variable: str) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"The file that {variable} names cannot be read: {reason}.") from None
    if len(text) > _LARGEST_FILE:
        raise ConfigurationError(f"The file that {variable} names is larger than {_LARGEST_FILE} characters.")
    return text.removesuffix("\n").removesuffix("\r")


class SecretScope:
    """The value of `secrets` in a scope: reads only the secrets that an expression names, each at most once.

    `used` holds the values given out so far, for the Masker of whatever comes back.
    """

    def __init__(self, source: SecretSource) -> None:
        """Take the source; nothing is read yet."""
        self._source = source
        self._known: dict[str, str] = {}

    @property
    def used(self) -> tuple[str, ...]:
        """The values that were given out."""
        return tuple(self._known.values())

    def resolve(self, asked: tuple[Reference, ...]) -> dict[str, str]:
        """Answer the secrets that the references name; raises what the source raises."""
        return {name: self._get(name) for name in map(_named, asked)}

    def _get(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = self._source.get(name)
        return self._known[name]


def _named(reference: Reference) -> str:
    if not reference.members:
        raise ExpressionError("secrets is used without a name.", hint="Name the secret: secrets.NAME.")
    return reference.members[0]
