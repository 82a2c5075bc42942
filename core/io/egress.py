"""Egress: which addresses steps and webhooks may reach.

Names are resolved once, every address is checked, and the call goes to the address that was checked, so a name that
resolves differently the second time (DNS rebinding) gains nothing. Python's own `is_global` changed within 3.11
(https://docs.python.org/3/library/ipaddress.html), so the address ranges that matter are listed here: IANA's
special-purpose registries, and the ways to embed an IPv4 address in IPv6.

| RUNBOOK_EGRESS | reaches |
| --- | --- |
| not set, or `*` | global addresses |
| `api.example` | that host, at a global or a private address |
| `*.example` | these hosts, at global addresses |
| an address, a CIDR | these addresses, by any name |

Link-local and metadata addresses are reached only if the exact address is listed and called by it. This machine's own
addresses must be listed. The deployment's database and Redis are never reached, and its web server not by a name.
"""

import socket
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from core.errors import NotAllowed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(word) for word in text.split())


LINK_LOCAL = _networks("169.254.0.0/16 fe80::/10")  # RFC 3927, RFC 4291: holds the large clouds' metadata
METADATA = (
    ip_network("fd00:ec2::254/128"),  # AWS
    ip_network("fd20:ce::254/128"),  # Google Cloud
    ip_network("168.63.129.16/32"),  # Azure
    ip_network("192.0.0.192/32"),  # Oracle Cloud
    ip_network("100.100.100.200/32"),  # Alibaba Cloud
)
NOWHERE = _networks(
    "0.0.0.0/32 ::/128 224.0.0.0/4 ff00::/8 255.255.255.255/32"
)  # unspecified, many, everybody
PRIVATE = _networks("10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7")  # RFC 1918, 6598, 4193

# Not globally reachable: https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry.
# Of IPv6 only what is assigned (2000::/3) is global; within it are Teredo, ORCHID, 6to4 and documentation.
NOT_GLOBAL_4 = _networks(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
)
GLOBAL_6 = _networks("2000::/3")
NOT_GLOBAL_6 = _networks("2001::/23 2001:db8::/32 2002::/16 3fff::/20")

MAPPED = ip_network("::ffff:0:0/96")  # RFC 4291, 2.5.5.2
NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: what DNS64 answers where there is only IPv6
IN_THE_LAST_BITS = _networks("::/96 64:ff9b:1::/48 ::ffff:0:0:0/96")  # IPv4-compatible, RFC 8215, RFC 2765
SIX_TO_FOUR, TEREDO = ip_network("2002::/16"), ip_network("2001::/32")  # RFC 3056, RFC 4380
LAST_32 = 0xFFFF_FFFF


def address_of(text: str) -> Address | None:
    """Parse a URL's host or a resolver's answer; None for a name. An IPv6 zone is ignored."""
    try:
        return ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None


def network_of(text: str) -> Network | None:
    """Parse an address or CIDR; None for anything else."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def is_in(networks: Iterable[Network], address: Address) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def plain(address: Address) -> Address:
    """Return the IPv4 address if it is only mapped or translated to IPv6: both are treated alike."""
    if isinstance(address, IPv6Address) and (address in MAPPED or address in NAT64):
        return IPv4Address(int(address) & LAST_32)
    return address


def embedded(address: Address) -> Address:
    """Return the IPv4 address that any device on the way may derive from an IPv6 address."""
    if isinstance(address, IPv4Address):
        return address
    if address in SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & LAST_32)
    if address in TEREDO:
        return IPv4Address(~int(address) & LAST_32)
    if is_in(IN_THE_LAST_BITS, address):
        return IPv4Address(int(address) & LAST_32)
    return plain(address)


def is_global(address: Address) -> bool:
    """Return whether the address is on the internet, and not another address in disguise."""
    address = plain(address)
    if isinstance(address, IPv4Address):
        return not is_in((*NOT_GLOBAL_4, *METADATA), address)
    return is_in(GLOBAL_6, address) and not is_in(NOT_GLOBAL_6, address)


def is_never_named(address: Address) -> bool:
    """Return whether the address is link-local, metadata, unspecified or multicast, also in disguise."""
    kinds = (*LINK_LOCAL, *METADATA, *NOWHERE)
    return is_in(kinds, address) or (_is_disguised(address) and is_in(kinds, embedded(address)))


def _is_disguised(address: Address) -> bool:
    """Return whether an IPv4 address is embedded. `::1` is loopback, not the IPv4 address 0.0.0.1."""
    return embedded(address) != address and not (isinstance(address, IPv6Address) and int(address) <= 1)


def is_of_this_machine(address: Address) -> bool:
    """Return whether the address is loopback, or can be bound on this machine. Nothing is sent."""
    if address.is_loopback or embedded(address).is_loopback:
        return True
    found = plain(address)
    family = socket.AF_INET if isinstance(found, IPv4Address) else socket.AF_INET6
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
            probe.bind((str(found), 0))
    except OSError:
        return False
    return True


EVERY_NAME, LOCALHOST = "*", "localhost"


@dataclass(frozen=True)
class OwnService:
    """An address at which the deployment listens. `is_callable`: whether it may be called if its address is listed."""

    host: str
    port: int
    is_callable: bool = False

    def is_at(self, host: str, address: Address, port: int) -> bool:
        """Return whether this is its name, an address of its name, or, for a service on this machine, any local
        address.
        """
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
    """`names` (exact, `*.suffix`, or `*`) and `networks`; both empty: global addresses. `own`: the deployment's
    services.
    """

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    own: tuple[OwnService, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str], own: Iterable[OwnService] = ()) -> "EgressPolicy":
        """Parse the entries of RUNBOOK_EGRESS: names, `*.names`, `*`, addresses and CIDRs."""
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
        """Return why the address of `host` may not be called; None if it may."""
        host, literal = host.lower().rstrip("."), address_of(host)
        if is_never_named(address):
            is_listed = literal is not None and self._lists_exactly(address)
            return None if is_listed else "its address is link-local or belongs to a metadata service"
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
        """Return whether the host is listed by name."""
        parts = host.lower().rstrip(".").split(".")
        wildcards = {"*." + ".".join(parts[i:]) for i in range(1, len(parts))}
        return bool({".".join(parts), EVERY_NAME, *wildcards} & self.names)

    def lists(self, address: Address) -> bool:
        """Return whether the address, or the IPv4 address that it stands for, is in a listed network."""
        return is_in(self.networks, address) or is_in(self.networks, plain(address))

    def _lists_exactly(self, address: Address) -> bool:
        exact = tuple(network for network in self.networks if network.num_addresses == 1)
        return is_in(exact, address) or is_in(exact, plain(address))

    def _is_our_own(self, host: str, address: Address, port: int, *, is_literal: bool) -> bool:
        """Return whether it is a service of ours. The web server may be called by a listed address, or by its public
        name if listed.
        """
        for service in self.own:
            if service.is_at(host, address, port):
                by_name = host == service.host and host in self.names
                if not service.is_callable or not (self.lists(address) if is_literal else by_name):
                    return True
        return False


def checked_address(policy: EgressPolicy, host: str, port: int) -> str:
    """Return the address to call for the host. Raises NotAllowed if the policy forbids it, OSError if it has none."""
    why = None
    for address in _addresses(host, port):
        refusal = policy.refusal(host, address, port)
        if refusal is None:
            return str(address)
        why = why or refusal
    others = "*" if policy.is_open else "…"
    hint = f"To let steps reach it, list it or its network: RUNBOOK_EGRESS={others},{host}"
    raise NotAllowed(f"{host} may not be called from here: {why}.", hint=hint)


def _addresses(host: str, port: int) -> list[Address]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = (address_of(str(answer[4][0])) for answer in answers)
    return [address for address in found if address is not None]
