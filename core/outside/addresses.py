"""Kinds of IP addresses, as calls to the outside must tell them apart.

Python's own `is_global` changed within 3.11 (https://docs.python.org/3/library/ipaddress.html), so what matters here is
listed: IANA's registries of special-purpose addresses, and the ways in which IPv6 writes an IPv4 address.
"""

import socket
from collections.abc import Iterable
from contextlib import closing
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

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
    """The address that a host of a URL, or an answer of the resolver, is; None for a name. Its zone does not count."""
    try:
        return ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None


def network_of(text: str) -> Network | None:
    """An address or CIDR; None for anything else."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def is_in(networks: Iterable[Network], address: Address) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def plain(address: Address) -> Address:
    """The IPv4 address where one is only written, or translated, as IPv6: they are judged alike."""
    if isinstance(address, IPv6Address) and (address in MAPPED or address in NAT64):
        return IPv4Address(int(address) & LAST_32)
    return address


def embedded(address: Address) -> Address:
    """The IPv4 address that something on the way may make of an IPv6 one, by any of the ways that there are."""
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
    """Whether it is somewhere in the internet, and is no other address in disguise."""
    address = plain(address)
    if isinstance(address, IPv4Address):
        return not is_in((*NOT_GLOBAL_4, *METADATA), address)
    return is_in(GLOBAL_6, address) and not is_in(NOT_GLOBAL_6, address)


def is_never_named(address: Address) -> bool:
    """Link-local, metadata, unspecified and multicast addresses, also in disguise."""
    kinds = (*LINK_LOCAL, *METADATA, *NOWHERE)
    return is_in(kinds, address) or (_is_disguised(address) and is_in(kinds, embedded(address)))


def _is_disguised(address: Address) -> bool:
    """`::1` is loopback, not the IPv4 address 0.0.0.1."""
    return embedded(address) != address and not (isinstance(address, IPv6Address) and int(address) <= 1)


def is_of_this_machine(address: Address) -> bool:
    """Loopback, or an address that a socket can be bound to here. Nothing is sent."""
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
