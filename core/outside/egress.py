"""Egress: which addresses `http` steps and webhooks may reach.

Names are resolved once, every address is checked, and the call goes to the address that was checked: a name
that answers differently the second time (DNS rebinding) gains nothing.

| RUNBOOK_EGRESS | reaches |
| --- | --- |
| not set, or `*` | global addresses |
| `api.example` | that host, at a global or a private address |
| `*.example` | these hosts, at global addresses |
| an address, a CIDR | these addresses, by whatever name |

Link-local and metadata addresses are reached only where the very address is listed, and called by it. This machine's
own addresses must be listed; its database and Redis are never reached, and its own web not by a name.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import NotAllowed
from core.outside.addresses import (
    PRIVATE,
    Address,
    Network,
    address_of,
    is_global,
    is_in,
    is_never_named,
    is_of_this_machine,
    network_of,
    plain,
)

EVERY_NAME, LOCALHOST = "*", "localhost"


@dataclass(frozen=True)
class OwnService:
    """Where we, or our servers, listen. `is_callable`: whether whoever lists its address may call it."""

    host: str
    port: int
    is_callable: bool = False

    def is_at(self, host: str, address: Address, port: int) -> bool:
        """By its name, by an address that its name has, or, for what is on this machine, by any of the machine's."""
        if port != self.port:
            return False
        try:
            own = [plain(each) for each in _addresses(self.host, self.port)]
        except (OSError, UnicodeError):
            own = []
        is_here = is_of_this_machine(address) and any(map(is_of_this_machine, own))
        return host == self.host or plain(address) in own or is_here


@dataclass(frozen=True)
class EgressPolicy:
    """`names` (exact, `*.suffix`, or `*`) and `networks`; both empty: global addresses. `own`: our own services."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    own: tuple[OwnService, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str], own: Iterable[OwnService] = ()) -> "EgressPolicy":
        """From RUNBOOK_EGRESS's entries: names, `*.names`, `*`, addresses and CIDRs."""
        names, networks = set(), []
        for entry in (entry.strip().lower() for entry in entries):
            network = network_of(entry)
            if network is not None:
                networks.append(network)
            else:
                names.add(entry.rstrip("."))
        return cls(frozenset(names - {""}), tuple(networks), tuple(own))

    @property
    def is_open(self) -> bool:
        return not self.names and not self.networks

    def refusal(self, host: str, address: Address, port: int) -> str | None:
        """Why the address that `host` has may not be called; None where it may."""
        host, literal = host.lower().rstrip("."), address_of(host)
        if is_never_named(address):
            is_listed = literal is not None and self._lists_exactly(address)
            return None if is_listed else "its address is link-local, or a metadata service's"
        if self._is_our_own(host, address, port, is_literal=literal is not None):
            return "it is a service of this installation"
        if self.lists(address):
            return None
        if is_of_this_machine(address):
            is_named = host == LOCALHOST and host in self.names
            return None if is_named else "it is an address of this machine"
        return self._refusal_of_unlisted(host, address)

    def _refusal_of_unlisted(self, host: str, address: Address) -> str | None:
        if not (self.is_open or self.allows_name(host)):
            return "it is not listed"
        is_private = host in self.names and is_in(PRIVATE, plain(address))
        return None if is_private or is_global(address) else "its address is not global"

    def allows_name(self, host: str) -> bool:
        """Whether the host is listed by its name."""
        parts = host.lower().rstrip(".").split(".")
        wildcards = {"*." + ".".join(parts[i:]) for i in range(1, len(parts))}
        return bool({".".join(parts), EVERY_NAME, *wildcards} & self.names)

    def lists(self, address: Address) -> bool:
        """Whether the address, or the IPv4 address that it stands for, is in a listed network."""
        return is_in(self.networks, address) or is_in(self.networks, plain(address))

    def _lists_exactly(self, address: Address) -> bool:
        exact = tuple(network for network in self.networks if network.num_addresses == 1)
        return is_in(exact, address) or is_in(exact, plain(address))

    def _is_our_own(self, host: str, address: Address, port: int, *, is_literal: bool) -> bool:
        """Our web may be called by an address that is listed, or by its public name if that is."""
        for service in self.own:
            if service.is_at(host, address, port):
                by_name = host == service.host and host in self.names
                if not service.is_callable or not (self.lists(address) if is_literal else by_name):
                    return True
        return False


def checked_address(policy: EgressPolicy, host: str, port: int) -> str:
    """The address to call for the host. Raises NotAllowed if the policy forbids it, OSError if it has none."""
    why = None
    for address in _addresses(host, port):
        refusal = policy.refusal(host, address, port)
        if refusal is None:
            return str(address)
        why = why or refusal
    others = "*" if policy.is_open else "…"
    hint = f"If steps are to reach it, list it or its network: RUNBOOK_EGRESS={others},{host}"
    raise NotAllowed(f"{host} may not be called from here: {why}.", hint=hint)


def _addresses(host: str, port: int) -> list[Address]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = (address_of(str(answer[4][0])) for answer in answers)
    return [address for address in found if address is not None]
