"""Secrets at the moment of use: checks that they may be used here, and reads their values."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.definitions.secret import (
    EnvironmentSource,
    FileSource,
    SecretDefinition,
    SecretUse,
    Source,
    check_use,
)
from core.definitions.secrets import SecretTaker
from core.errors import ConfigurationError, NotAllowed, NotFound, RunbookError
from core.io.secret_sources import EnvironmentSecrets, FileSecrets
from core.values.destinations import Destinations

MOST_REMEMBERED = 1_000  # values kept for masking; the oldest are dropped first


class SecretPort(Protocol):
    """Supplies secrets to one process."""

    def give(self, name: str, use: SecretUse) -> tuple[str, Destinations]:
        """Return the value and where it may be sent. Raises RunbookError if it may not be used here."""

    def hidden(self) -> tuple[str, ...]:
        """Return every value that a Masker must hide."""


class VaultPort(Protocol):
    """Reads secrets from Vault. Implemented by core.io.secret_sources.VaultSecrets."""

    def read(self, place: str, field: str) -> str:
        """Return one field of the secret at `place`, given as MOUNT/PATH."""


class Declared(Protocol):
    """Supplies the declarations of secrets. Implemented by core.services.access.secrets.Declarations."""

    def known(self) -> Mapping[str, SecretDefinition]:
        """Return the declarations by name, possibly a few seconds old."""

    def fresh(self) -> Mapping[str, SecretDefinition]:
        """Return the declarations by name, read now."""


@dataclass
class SecretValues:
    """Reads the value of a declared secret. `vault`: None if no Vault is configured."""

    environment: EnvironmentSecrets
    files: FileSecrets = field(default_factory=FileSecrets)
    vault: VaultPort | None = None

    def read(self, source: Source) -> str:
        """Return the value. Raises NotFound, ConfigurationError or Unavailable; no message contains a secret."""
        if isinstance(source, EnvironmentSource):
            return self.environment.read(source.env)
        if isinstance(source, FileSource):
            return self.files.read(source.file)
        if self.vault is None:
            raise ConfigurationError(
                "No Vault is configured.",
                hint="Set VAULT_ADDR, and VAULT_TOKEN or VAULT_TOKEN_FILE, for the workers.",
            )
        return self.vault.read(source.vault, source.field)


class WorkerSecrets:
    """The secrets of one worker. `own`: the credentials that it was started with, which are masked, too."""

    def __init__(self, values: SecretValues, declared: Declared, own: Iterable[str] = ()) -> None:
        self._values, self._declared, self._own = values, declared, tuple(own)
        self._remembered: dict[str, None] = {}
        self._seen: Mapping[str, SecretDefinition] | None = None
        self._hidden: tuple[str, ...] = ()

    def give(self, name: str, use: SecretUse) -> tuple[str, Destinations]:
        """Return the value and where it may be sent.

        Cached declarations suffice to allow a use; before a use is refused, the declarations are read again.
        """
        declared = self._declared.known().get(name)
        try:
            destinations = check_use(name, declared, use)
        except (NotFound, NotAllowed):
            declared = self._declared.fresh().get(name)
            destinations = check_use(name, declared, use)
        assert declared is not None, "check_use has seen it"
        return self._read(declared), destinations

    def hidden(self) -> tuple[str, ...]:
        """Return all values from the environment, all that are declared in files, and all that were read."""
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
        """Read the secret so that it is masked. One that cannot be read has no value to mask."""
        try:
            self._read(declared)
        except RunbookError:
            return

    def _remember(self, value: str) -> None:
        self._remembered[value] = None
        if len(self._remembered) > MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._seen = None


class SecretScope(SecretTaker):
    """The `secrets` of a step: supplies values for one request and records where that request may be sent.

    `give`: takes a name and returns its value and where it may be sent.
    """

    def __init__(self, give: Callable[[str], tuple[str, Destinations]]) -> None:
        self._give = give
        self._taken: dict[str, tuple[str, Destinations]] = {}

    def take(self, name: str) -> str:
        """Return the value, which is read once. Raises what `give` raises."""
        if name not in self._taken:
            self._taken[name] = self._give(name)
        return self._taken[name][0]

    @property
    def carried(self) -> tuple[Destinations, ...]:
        """Where each secret that was taken may be sent."""
        return tuple(destinations for _, destinations in self._taken.values())

    def apart(self) -> "SecretScope":
        """Return a new scope for another request of the same step."""
        return SecretScope(self._give)
