"""Egress: which addresses steps may reach."""

import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotAllowed
from core.io import egress
from core.io.egress import (
    EgressPolicy,
    OwnService,
    checked_address,
    is_never_named,
    is_of_this_machine,
    plain,
)

OPEN = EgressPolicy()
LOCAL = [
    "127.0.0.1",
    "127.8.9.1",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "0.0.0.0",
    "::",
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "168.63.129.16",
    "192.0.0.192",
    "100.100.100.200",
    "224.0.0.1",
    "ff02::1",
    "::127.0.0.1",
    "::ffff:0:7f00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "64:ff9b:1::7f00:1",
    "fec0::1",
    "255.255.255.255",
    "192.0.2.1",
    "240.0.0.1",
    "198.18.0.1",
]
PRIVATE = [
    "10.0.0.7",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "fd00::7",
    "::ffff:10.0.0.7",
    "64:ff9b::a00:7",
]


def allows(policy: EgressPolicy, address: str, host: str | None = None, port: int = 80) -> bool:
    return policy.refusal(host or address, ip_address(address), port) is None


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Every name resolves to these addresses. Returns the names that were asked for."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, port)) for answer in answers]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize(
    "policy", [OPEN, EgressPolicy.parse(["*"]), EgressPolicy.parse(["*", "10.99.0.0/16"])]
)
@pytest.mark.parametrize("address", [*LOCAL, *PRIVATE])
def test_without_a_list_nothing_local_and_nothing_private_is_reached(
    address: str, policy: EgressPolicy
) -> None:
    assert not allows(policy, address)
    assert not allows(policy, address, "evil.example")


@pytest.mark.parametrize("policy", [OPEN, EgressPolicy.parse(["*"])])
@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_without_a_list_what_is_global_is_reached(address: str, policy: EgressPolicy) -> None:
    assert allows(policy, address)
    assert allows(policy, address, "any.example")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_listed_name_may_be_private_and_a_wildcard_not(address: str) -> None:
    assert allows(EgressPolicy.parse(["db.internal"]), address, "db.internal")
    assert not allows(EgressPolicy.parse(["*.internal"]), address, "db.internal")
    assert allows(EgressPolicy.parse(["*.internal", str(plain(ip_address(address)))]), address, "db.internal")


@pytest.mark.parametrize("address", LOCAL)
@pytest.mark.parametrize("entry", ["db.internal", "*.internal", "*"])
def test_a_listed_name_is_never_local(entry: str, address: str) -> None:
    assert not allows(EgressPolicy.parse([entry]), address, "db.internal")


NEVER_NAMED = [address for address in LOCAL if is_never_named(ip_address(address))]


@pytest.mark.parametrize("address", NEVER_NAMED)
def test_metadata_is_listed_by_its_very_address_and_called_by_it(address: str) -> None:
    listed = EgressPolicy.parse([str(ip_address(address)), "db.internal"])

    assert not allows(EgressPolicy.parse(["0.0.0.0/0", "::/0"]), address)
    assert not allows(listed, address, "db.internal")
    assert allows(listed, address)


def test_the_metadata_of_every_cloud_is_never_named() -> None:
    metadata = {"169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "168.63.129.16", "100.100.100.200"}
    assert metadata | {"64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::ffff:169.254.169.254"} <= set(
        NEVER_NAMED
    )


OWN = (
    OwnService("127.0.0.1", 5432),
    OwnService("127.0.0.1", 8000, is_callable=True),
    OwnService("runbooks.example", 443, is_callable=True),
)


@pytest.mark.parametrize(
    ("entries", "host", "address", "port", "allowed"),
    [
        (["127.0.0.1"], "127.0.0.1", "127.0.0.1", 9000, True),
        (["127.0.0.1"], "127.0.0.1", "127.0.0.1", 5432, False),
        (["127.0.0.0/8"], "127.0.0.2", "127.0.0.2", 5432, False),
        (["127.0.0.1"], "127.0.0.1", "127.0.0.1", 8000, True),
        (["127.0.0.1", "evil.example"], "evil.example", "127.0.0.1", 8000, False),
        (["127.0.0.1", "localhost"], "localhost", "127.0.0.1", 8000, False),
        (["127.0.0.1", "localhost"], "localhost", "127.0.0.1", 9000, True),
        ([], "runbooks.example", "93.184.216.34", 443, False),
        (["*.example"], "runbooks.example", "93.184.216.34", 443, False),
        (["runbooks.example"], "runbooks.example", "93.184.216.34", 443, True),
        ([], "runbooks.example", "93.184.216.34", 8443, True),
    ],
)
def test_our_own_services_are_not_called_by_some_name(
    entries: list[str], host: str, address: str, port: int, allowed: bool
) -> None:
    assert allows(EgressPolicy.parse(entries, OWN), address, host, port) is allowed


def test_this_machine_is_not_global_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "is_of_this_machine", lambda _: True)

    assert not allows(OPEN, "93.184.216.34")
    assert not allows(EgressPolicy.parse(["api.example"]), "10.0.0.7", "api.example")
    assert allows(EgressPolicy.parse(["10.0.0.7"]), "10.0.0.7", "api.example")


def test_an_address_that_can_be_bound_is_this_machines() -> None:
    assert [is_of_this_machine(ip_address(address)) for address in ("127.3.2.1", "::1", "::ffff:7f00:1")] == [
        True
    ] * 3
    assert not is_of_this_machine(ip_address("93.184.216.34"))


@pytest.mark.parametrize("address", LOCAL)
def test_a_name_that_resolves_to_something_local_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolving(monkeypatch, address)
    with pytest.raises(NotAllowed, match=r"evil\.example may not be called from here") as refused:
        checked_address(OPEN, "evil.example", 80)
    assert "RUNBOOK_EGRESS" in str(refused.value)


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, "127.0.0.1", "93.184.216.34")
    assert checked_address(OPEN, "two.example", 80) == "93.184.216.34"
    assert asked == ["two.example"]


def test_a_scoped_address_is_checked_without_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "fe80::1%eth0")
    with pytest.raises(NotAllowed):
        checked_address(OPEN, "router.example", 80)


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "localhost", "0177.0.0.1"])
def test_other_spellings_of_loopback_are_loopback(host: str) -> None:
    with pytest.raises(NotAllowed):
        checked_address(OPEN, host, 80)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("api.example", True),
        ("API.Example.", True),
        ("other.example", False),
        ("db.internal.example", True),
        ("a.b.internal.example", True),
        ("internal.example", False),
        ("evilinternal.example", False),
        ("api.example.evil.test", False),
    ],
)
def test_names_and_wildcards(host: str, allowed: bool) -> None:
    policy = EgressPolicy.parse(["api.example", "*.Internal.example", " "])
    assert policy.allows_name(host) is allowed


def test_a_named_host_may_be_local(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked_address(EgressPolicy.parse(["localhost"]), "localhost", 80) == "127.0.0.1"
    resolving(monkeypatch, "127.0.0.1")
    with pytest.raises(NotAllowed, match="an address of this machine"):
        checked_address(EgressPolicy.parse(["api.example"]), "api.example", 80)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("10.2.0.0", False),
        ("fd00:1::5", True),
        ("fd00:2::5", False),
        ("127.0.0.2", False),
        ("93.184.216.34", False),
    ],
)
def test_addresses_and_networks(monkeypatch: pytest.MonkeyPatch, address: str, allowed: bool) -> None:
    policy = EgressPolicy.parse(["127.0.0.1", "10.1.0.0/16", "fd00:1::/32"])
    resolving(monkeypatch, address)
    if allowed:
        assert checked_address(policy, "any.example", 80) == address
    else:
        with pytest.raises(NotAllowed):
            checked_address(policy, "any.example", 80)


def test_a_list_of_names_alone_lets_no_other_address_through(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34")
    with pytest.raises(NotAllowed):
        checked_address(EgressPolicy.parse(["api.example"]), "other.example", 80)


def test_a_host_without_an_address_is_an_error_of_the_network() -> None:
    with pytest.raises(OSError, match=r"not known|resolution|associated"):
        checked_address(OPEN, "no-such-host.invalid", 80)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_like_the_one_it_stands_for(address: object) -> None:
    written = (str(address), f"::ffff:{address}", f"64:ff9b::{address}")
    assert len({allows(OPEN, each) for each in written}) == 1


@given(st.ip_addresses(v=4))
def test_no_other_disguise_is_global(address: object) -> None:
    number = int(ip_address(str(address)))
    six_to_four, teredo = 0x2002 << 112 | number << 80 | 1, 0x20010000 << 96 | 1 << 64 | ~number & 0xFFFF_FFFF
    compatible, local_nat = number, 0x0064_FF9B_0001 << 80 | number
    for disguised in (six_to_four, teredo, compatible, local_nat):
        assert not allows(OPEN, str(ip_address(disguised.to_bytes(16, "big"))))
