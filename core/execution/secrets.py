"""Secrets at the moment of use: whether they may be used here, and their values."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.definitions.secret import (
    Destinations,
    EnvironmentSource,
    FileSource,
    SecretDefinition,
    SecretUse,
    Source,
    check_use,
)
from core.definitions.secrets import Withheld
from core.errors import ConfigurationError, NotAllowed, NotFound, RunbookError
from core.io.secret_sources import EnvironmentSecrets, FileSecrets

MOST_REMEMBERED = 1_000  # values that were read; the oldest are forgotten


class SecretPort(Protocol):
    """The way to secrets that a process was composed with."""

    def give(self, name: str, use: SecretUse) -> tuple[str, Destinations]:
        """Answer the value, and where it may go. Raises RunbookError for one that may not be used here."""

    def hidden(self) -> tuple[str, ...]:
        """Answer every value that nobody may see, for a Masker."""


class VaultPort(Protocol):
    """core.io.secret_sources.VaultSecrets is it."""

    def read(self, place: str, field: str) -> str:
        """Answer a field of the secret at MOUNT/PATH."""


class Declared(Protocol):
    """What is declared; core.services.access.secrets.Declarations is it."""

    def known(self) -> Mapping[str, SecretDefinition]:
        """Answer the declarations by name, as they were a moment ago."""

    def fresh(self) -> Mapping[str, SecretDefinition]:
        """Answer them as they are now."""


@dataclass
class SecretValues:
    """Reads the value behind a declaration. `vault`: None where there is none."""

    environment: EnvironmentSecrets
    files: FileSecrets = field(default_factory=FileSecrets)
    vault: VaultPort | None = None

    def read(self, source: Source) -> str:
        """Raises NotFound, ConfigurationError or Unavailable, none of which says what a secret is."""
        if isinstance(source, EnvironmentSource):
            return self.environment.read(source.env)
        if isinstance(source, FileSource):
            return self.files.read(source.file)
        if self.vault is None:
            raise ConfigurationError(
                "There is no Vault here.",
                hint="Set VAULT_ADDR, and VAULT_TOKEN or VAULT_TOKEN_FILE, for the workers.",
            )
        return self.vault.read(source.vault, source.field)


class WorkerSecrets:
    """The secrets of one worker. `own`: the credentials that it was started with, which are hidden as well."""

    def __init__(self, values: SecretValues, declared: Declared, own: Iterable[str] = ()) -> None:
        self._values, self._declared, self._own = values, declared, tuple(own)
        self._remembered: dict[str, None] = {}
        self._seen: Mapping[str, SecretDefinition] | None = None
        self._hidden: tuple[str, ...] = ()

    def give(self, name: str, use: SecretUse) -> tuple[str, Destinations]:
        """Whether it may be used is told by what was declared a moment ago; that it may not, only by what is now."""
        declared = self._declared.known().get(name)
        try:
            destinations = check_use(name, declared, use)
        except (NotFound, NotAllowed):
            declared = self._declared.fresh().get(name)
            destinations = check_use(name, declared, use)
        assert declared is not None, "check_use has seen it"
        return self._read(declared), destinations

    def hidden(self) -> tuple[str, ...]:
        """All that the environment has, all that is declared in files, and all that was read."""
        declared = self._declared.known()
        if declared is not self._seen:
            self._seen = declared
            for definition in declared.values():
                if isinstance(definition.source, FileSource):
                    self._try(definition)
            self._hidden = tuple(
                dict.fromkeys([*self._own, *self._values.environment.values(), *self._remembered])
            )
        return self._hidden

    def _read(self, declared: SecretDefinition) -> str:
        try:
            value = self._values.read(declared.source)
        except RunbookError as error:
            raise type(error)(f"The secret {declared.name}: {error.message}", hint=error.hint) from None
        if value not in self._remembered:
            self._remember(value)
        return value

    def _try(self, declared: SecretDefinition) -> None:
        """What cannot be read has nothing to hide."""
        try:
            self._read(declared)
        except RunbookError:
            return

    def _remember(self, value: str) -> None:
        self._remembered[value] = None
        if len(self._remembered) > MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._seen = None


class SecretScope(Withheld):
    """What a step sees as `secrets`: gives them out to one request, and knows where that may go.

    `give`: the value of a name, and where it may be sent.
    """

    def __init__(self, give: Callable[[str], tuple[str, Destinations]]) -> None:
        self._give = give
        self._taken: dict[str, tuple[str, Destinations]] = {}

    def take(self, name: str) -> str:
        """Answer the value, read once; raises what `give` raises."""
        if name not in self._taken:
            self._taken[name] = self._give(name)
        return self._taken[name][0]

    @property
    def carried(self) -> tuple[Destinations, ...]:
        """Where each secret that was taken may go."""
        return tuple(destinations for _, destinations in self._taken.values())

    def apart(self) -> "SecretScope":
        """For another request of the same step."""
        return SecretScope(self._give)
