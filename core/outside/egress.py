"""Egress: which addresses `http` steps and webhooks may reach.

Names are resolved once, every address is checked, and the call goes to the address that was checked: a name
that answers differently the second time (DNS rebinding) gains nothing.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from core.errors import NotAllowed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Link-local (RFC 3927, RFC 4291) holds the metadata service of the large clouds; these are apart.
METADATA = (
    ip_network("fd00:ec2::254/128"),  # AWS
    ip_network("fd20:ce::254/128"),  # Google Cloud
    ip_network("168.63.129.16/32"),  # Azure
    ip_network("192.0.0.192/32"),  # Oracle Cloud
    ip_network("100.100.100.200/32"),  # Alibaba Cloud
)
NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


@dataclass(frozen=True)
class EgressPolicy:
    """`names` (exact, or `*.suffix`) and `networks`; both empty: everything but what is local to the machine."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "EgressPolicy":
        """From RUNBOOK_EGRESS's entries: names, `*.names`, addresses and CIDRs."""
        names, networks = set(), []
        for entry in (entry.strip().lower() for entry in entries):
            try:
                networks.append(ip_network(entry, strict=False))
            except ValueError:
                names.add(entry)
        return cls(frozenset(names - {""}), tuple(networks))

    @property
    def is_open(self) -> bool:
        return not self.names and not self.networks

    def allows_name(self, host: str) -> bool:
        """Whether the host's name alone lets it through."""
        parts = host.lower().rstrip(".").split(".")
        wildcards = {"*." + ".".join(parts[i:]) for i in range(1, len(parts))}
        return ".".join(parts) in self.names or bool(wildcards & self.names)

    def allows_address(self, address: Address) -> bool:
        if self.is_open:
            return not _is_local(address)
        return any(address in network for network in self.networks if network.version == address.version)


def _is_local(address: Address) -> bool:
    embedded = _embedded(address)
    if embedded is not None:
        return _is_local(embedded)
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or any(address in network for network in METADATA if network.version == address.version)
    )


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return None
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in NAT64 else address.ipv4_mapped


def checked_address(policy: EgressPolicy, host: str, port: int) -> str:
    """The address to call for the host. Raises NotAllowed if the policy forbids it, OSError if it has none."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
    if policy.allows_name(host):
        return str(addresses[0])
    for address in addresses:
        if policy.allows_address(address):
            return str(address)
    raise NotAllowed(
        f"{host} may not be called from here.", hint="RUNBOOK_EGRESS names the hosts that steps may reach."
    )
