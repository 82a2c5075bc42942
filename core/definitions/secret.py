"""The document `kind: secret`: where a secret is read, who may use it, and where it may be sent.

The document never contains the secret's value.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import Definition, Name
from core.definitions.written import WrittenDefinition
from core.errors import NotAllowed, NotFound
from core.values.destinations import Destinations
from core.values.secret_places import VARIABLE_PREFIX, is_of_the_system

_HOST = re.compile(
    r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*(?::[0-9]{1,5})?"
    r"|\[[0-9a-f:.]+\](?::[0-9]{1,5})?"
)


def _check_host(value: str) -> str:
    host = value.lower()
    if not _HOST.fullmatch(host):
        raise PydanticCustomError(
            "no_host",
            "{value} is not a host. Write a name, an address, or *.name for subdomains, with :port for one port only.",
            {"value": value},
        )
    return host


def _check_path(value: str) -> str:
    path = PurePosixPath(value)
    if not path.is_absolute() or ".." in path.parts:
        raise PydanticCustomError(
            "relative", "The path must be absolute and without .., such as /run/secrets/db."
        )
    if is_of_the_system(path):
        raise PydanticCustomError("not_a_secret", "Secrets cannot be read from /proc, /sys or /dev.")
    return value


SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,99}$")]
Host = Annotated[str, StringConstraints(min_length=1, max_length=260), AfterValidator(_check_host)]
TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class EnvironmentSource(Definition):
    """An environment variable of the workers. `NAME_FILE` may name a file with the value instead."""

    env: Annotated[str, StringConstraints(pattern=rf"^{VARIABLE_PREFIX}[A-Za-z][A-Za-z0-9_]*$")]
    """The variable; its name begins with RUNBOOK_SECRET_."""


class FileSource(Definition):
    """A file on the workers' machines."""

    file: Annotated[str, StringConstraints(max_length=4096), AfterValidator(_check_path)]
    """The absolute path. A single newline at the end of the file is not part of the secret."""


class VaultSource(Definition):
    """A field of a secret in HashiCorp Vault, secrets engine KV version 2."""

    vault: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]+)+$", max_length=1000)]
    """MOUNT/PATH, such as kv/db."""
    field: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """The field of the secret."""


Source = EnvironmentSource | FileSource | VaultSource


class SecretDefinition(WrittenDefinition):
    """A secret: where it is read, which teams' definitions may use it, and where it may be sent.

    Only platform admins declare secrets, and an undeclared secret cannot be used. A definition uses a secret whole, as
    `{{ secrets.NAME }}` in a text.
    """

    kind: Literal["secret"]
    """The kind of document."""
    name: SecretName
    """The name by which definitions refer to it: `secrets.NAME`."""
    source: Source
    """Where the value is read when a step needs it."""
    teams: Annotated[tuple[Name, ...], Field(max_length=1000)] = ()
    """The teams whose definitions may use it. Global definitions, which only platform admins write, always may."""
    hosts: Annotated[tuple[Host, ...], Field(max_length=1000)] = ()
    """The hosts to which steps may send it: `db.internal`, `*.internal`, `db.internal:8443`. Steps of types such as
    http send it nowhere else; steps of type ssh and sql neither, unless no hosts are given.
    """
    types: Annotated[tuple[TypeName, ...], Field(max_length=100)] = ()
    """The types of steps and actions that may use it. If omitted: the types that send it only to `hosts`, such as http
    and webhook. Any other type, such as shell, must be listed.
    """

    @model_validator(mode="after")
    def _refuse_to_be_useless(self) -> "SecretDefinition":
        if not self.hosts and not self.types:
            raise PydanticCustomError(
                "goes_nowhere",
                "This secret could not be sent anywhere. Give hosts, or types such as [shell], or both.",
            )
        return self


@dataclass(frozen=True)
class SecretUse:
    """The user of a secret: a step or an action of `type`, in a definition of `team` (None: a global one).

    `keeps_to_hosts`: whether the type sends a secret only to the hosts of its declaration.
    """

    team: str | None
    type: str
    keeps_to_hosts: bool


def check_use(
    name: str, declared: SecretDefinition | None, use: SecretUse, hosts: Sequence[str] = ()
) -> Destinations:
    """Return where the secret may be sent. `hosts`: where this use sends it, for the declaration in a hint.

    Raises NotFound if no secret of that name is declared for the team (with the same sentence whether or not it is
    declared for other teams), and NotAllowed if this type of step may not use it.
    """
    if declared is None or (use.team is not None and use.team not in declared.teams):
        hint = f"A platform admin can declare it: {declaration(name, use, hosts)}"
        raise NotFound(undeclared(name, use.team), hint=hint)
    named = use.type in declared.types
    if (declared.types and not named) or not (named or use.keeps_to_hosts):
        raise NotAllowed(
            f"A step of type {use.type} may not use the secret {name}.",
            hint=f"A platform admin can add {use.type} to the types of its declaration.",
        )
    if use.keeps_to_hosts and not declared.hosts:
        raise NotAllowed(
            f"The secret {name} may not be sent anywhere.",
            hint="A platform admin can add hosts to its declaration.",
        )
    return Destinations(name, declared.hosts)


def undeclared(name: str, team: str | None) -> str:
    owner = "global definitions" if team is None else f"definitions of team {team}"
    return f"There is no secret {name} that {owner} may use."


def declaration(name: str, use: SecretUse, hosts: Sequence[str] = ()) -> str:
    """Return a declaration to paste, in one line of YAML."""
    teams = f", teams: [{use.team}]" if use.team else ""
    types = "" if use.keeps_to_hosts else f", types: [{use.type}]"
    where = f", hosts: [{', '.join(hosts) or 'HOST'}]" if use.keeps_to_hosts else ""
    return f"{{kind: secret, name: {name}, source: {{env: RUNBOOK_SECRET_{name}}}{teams}{where}{types}}}"
