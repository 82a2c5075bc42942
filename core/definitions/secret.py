"""The document `kind: secret`: where a secret is read, and where it may go. Its value is never in it."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import Definition, Name
from core.definitions.written import WrittenDefinition

VARIABLE_PREFIX = "RUNBOOK_SECRET_"
NEVER_READ = frozenset(
    {"proc", "sys", "dev"}
)  # where processes show their own environment, among other things
_HOST = re.compile(
    r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*(?::[0-9]{1,5})?"
    r"|\[[0-9a-f:.]+\](?::[0-9]{1,5})?"
)


def _check_host(value: str) -> str:
    host = value.lower()
    if not _HOST.fullmatch(host):
        raise PydanticCustomError(
            "no_host",
            "{value} is no host. Write a name, an address, or *.name for all below it; :port behind it, if only one.",
            {"value": value},
        )
    return host


def is_of_the_system(path: PurePosixPath) -> bool:
    """Whether the system makes what is read there, and there is no file."""
    return len(path.parts) > 1 and path.parts[1] in NEVER_READ


def _check_path(value: str) -> str:
    path = PurePosixPath(value)
    if not path.is_absolute() or ".." in path.parts:
        raise PydanticCustomError("relative", "The path is absolute, without .., such as /run/secrets/db.")
    if is_of_the_system(path):
        raise PydanticCustomError("not_a_secret", "No secret is read from /proc, /sys or /dev.")
    return value


SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}$")]
Host = Annotated[str, StringConstraints(min_length=1, max_length=260), AfterValidator(_check_host)]
TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class EnvironmentSource(Definition):
    """A variable of the workers' environment. `NAME_FILE` may name a file that holds it instead."""

    env: Annotated[str, StringConstraints(pattern=rf"^{VARIABLE_PREFIX}[A-Za-z][A-Za-z0-9_]*$")]
    """The variable; its name begins with RUNBOOK_SECRET_."""


class FileSource(Definition):
    """A file on the workers' machines."""

    file: Annotated[str, StringConstraints(max_length=4096), AfterValidator(_check_path)]
    """Its absolute path. The one newline at its end does not belong to the secret."""


class VaultSource(Definition):
    """A field of a secret in HashiCorp Vault, secrets engine KV version 2."""

    vault: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]+)+$", max_length=1000)]
    """MOUNT/PATH, such as kv/db."""
    field: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """Which of its fields."""


Source = EnvironmentSource | FileSource | VaultSource


class SecretDefinition(WrittenDefinition):
    """A secret: where it is read, which teams' definitions may use it, and where it may be sent.

    Only a platform admin declares one, and a secret that is not declared can be used by nobody. A definition uses it
    whole, as `{{ secrets.NAME }}` in a text.
    """

    kind: Literal["secret"]
    """What this document is."""
    name: SecretName
    """What definitions call it by: `secrets.NAME`."""
    source: Source
    """Where its value is read, when a step needs it."""
    teams: Annotated[tuple[Name, ...], Field(max_length=1000)] = ()
    """The teams whose definitions may use it. Global definitions, which platform admins write, always may."""
    hosts: Annotated[tuple[Host, ...], Field(max_length=1000)] = ()
    """Where steps that call by HTTP may send it: `db.internal`, `*.internal`, `db.internal:8443`."""
    types: Annotated[tuple[TypeName, ...], Field(max_length=100)] = ()
    """The types of steps and actions that may take it. Left out: those that send it to `hosts` and nowhere else, such \
as http and webhook. Any other, such as shell, must be named."""

    @model_validator(mode="after")
    def _refuse_to_be_useless(self) -> "SecretDefinition":
        if not self.hosts and not self.types:
            raise PydanticCustomError(
                "goes_nowhere", "It may go nowhere. Give hosts, or types such as [shell], or both."
            )
        return self
