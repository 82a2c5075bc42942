"""Who may use a secret, and where it may go. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.definitions.secret import SecretDefinition
from core.errors import NotAllowed, NotFound


@dataclass(frozen=True)
class SecretUse:
    """What wants to use secrets: a step or an action of `type`, in a definition of `team` (None: a global one).

    `keeps_to_hosts`: whether the type sends secrets only where their `hosts` say.
    """

    team: str | None
    type: str
    keeps_to_hosts: bool


@dataclass(frozen=True)
class Destinations:
    """Where the secret `name` may be sent: `host`, `*.below`, each with or without `:port`."""

    name: str
    hosts: tuple[str, ...]

    def allow(self, host: str, port: int) -> bool:
        """Whether it may go to this host: a name as the DNS has it (punycode), or an address."""
        asked = host.lower().rstrip(".")
        asked = f"[{asked}]" if ":" in asked and not asked.startswith("[") else asked
        return any(_matches(pattern, asked, port) for pattern in self.hosts)


def _matches(pattern: str, host: str, port: int) -> bool:
    name, given_port = _parted(pattern)
    if given_port is not None and given_port != port:
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def _parted(pattern: str) -> tuple[str, int | None]:
    name, separator, port = pattern.rpartition(":")
    return (name, int(port)) if separator and port.isdigit() and not port.endswith("]") else (pattern, None)


def check_use(
    name: str, declared: SecretDefinition | None, use: SecretUse, hosts: Sequence[str] = ()
) -> Destinations:
    """Answer where the secret may go from there. `hosts`: where it goes now, for the declaration that a hint shows.

    Raises NotFound where none of that name is declared for the team, in one and the same sentence whether it is
    declared for others; NotAllowed where this type of step may not take it.
    """
    if declared is None or (use.team is not None and use.team not in declared.teams):
        hint = f"A platform admin declares it: {declaration(name, use, hosts)}"
        raise NotFound(undeclared(name, use.team), hint=hint)
    named = use.type in declared.types
    if (declared.types and not named) or not (named or use.keeps_to_hosts):
        raise NotAllowed(
            f"A step of type {use.type} may not take the secret {name}.",
            hint=f"A platform admin may add {use.type} to the types of its declaration.",
        )
    if use.keeps_to_hosts and not declared.hosts:
        raise NotAllowed(
            f"The secret {name} may be sent nowhere.",
            hint="A platform admin may add hosts to its declaration.",
        )
    return Destinations(name, declared.hosts)


def check_destination(carried: Iterable[Destinations], host: str, port: int) -> None:
    """Raise NotAllowed where one of the secrets that a request carries may not go there. No host is named in it."""
    for secret in carried:
        if not secret.allow(host, port):
            raise NotAllowed(
                f"It was not sent: the secret {secret.name} may not go to where this request goes.",
                hint="A platform admin may add the host to the hosts of its declaration.",
            )


def undeclared(name: str, team: str | None) -> str:
    whose = "global definitions" if team is None else f"definitions of team {team}"
    return f"No secret {name} is declared that {whose} may use."


def declaration(name: str, use: SecretUse, hosts: Sequence[str] = ()) -> str:
    """A declaration to be pasted, in one line of YAML."""
    teams = f", teams: [{use.team}]" if use.team else ""
    types = "" if use.keeps_to_hosts else f", types: [{use.type}]"
    where = f", hosts: [{', '.join(hosts) or 'HOST'}]" if use.keeps_to_hosts else ""
    return f"{{kind: secret, name: {name}, source: {{env: RUNBOOK_SECRET_{name}}}{teams}{where}{types}}}"
