"""Where secrets may be sent: the hosts of their declarations."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import NotAllowed


@dataclass(frozen=True)
class Destinations:
    """Where the secret `name` may be sent: `host` or `*.domain`, each with or without `:port`."""

    name: str
    hosts: tuple[str, ...]

    def allow(self, host: str, port: int) -> bool:
        """Return whether it may be sent to this host: a DNS name (in punycode) or an address."""
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


def check_destination(carried: Iterable[Destinations], host: str, port: int) -> None:
    """Raise NotAllowed if the destination is not declared for a secret in the request. The message names no host."""
    for secret in carried:
        if not secret.allow(host, port):
            raise NotAllowed(
                f"The request was not sent: the secret {secret.name} may not be sent to its destination.",
                hint="A platform admin can add the host to the hosts of its declaration.",
            )


def check_listed_destination(carried: Iterable[Destinations], host: str, port: int) -> None:
    """Do as `check_destination`, but only for secrets whose declaration lists hosts.

    For types that every secret's declaration must name, such as ssh and sql: the hosts narrow that permission.
    """
    check_destination((secret for secret in carried if secret.hosts), host, port)
