"""Egress: which addresses steps may reach."""

import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotAllowed
from core.outside.egress import EgressPolicy, checked_address

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
]


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Every name resolves to these addresses. Returns the names that were asked for."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, port)) for answer in answers]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("address", LOCAL)
def test_without_a_list_nothing_local_is_reached(address: str) -> None:
    assert not OPEN.allows_address(ip_address(address))


@pytest.mark.parametrize("address", ["10.0.0.7", "93.184.216.34", "2606:2800:220:1::1", "::ffff:10.0.0.7"])
def test_without_a_list_everything_else_is_reached(address: str) -> None:
    assert OPEN.allows_address(ip_address(address))


@pytest.mark.parametrize("address", LOCAL)
def test_a_name_that_resolves_to_something_local_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolving(monkeypatch, address)
    with pytest.raises(NotAllowed, match=r"evil\.example may not be called from here") as refused:
        checked_address(OPEN, "evil.example", 80)
    assert "RUNBOOK_EGRESS" in str(refused.value)


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolving(monkeypatch, "127.0.0.1", "10.0.0.7")
    assert checked_address(OPEN, "two.example", 80) == "10.0.0.7"
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
    resolving(monkeypatch, "127.0.0.1")
    assert checked_address(EgressPolicy.parse(["api.example"]), "api.example", 80) == "127.0.0.1"


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
    plain = ip_address(str(address))
    mapped, translated = ip_address(f"::ffff:{plain}"), ip_address(f"64:ff9b::{plain}")
    assert OPEN.allows_address(mapped) == OPEN.allows_address(plain) == OPEN.allows_address(translated)
