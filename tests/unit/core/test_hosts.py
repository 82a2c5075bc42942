"""URLs with several hosts."""

import pytest
from sqlalchemy.engine import make_url

from core.database import Host, hosts_in_query, in_the_query, psycopg_url, read_hosts


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://u:p@one/db", [Host("one")]),
        ("postgresql://u:p,w@one:5432,two:5433/db", [Host("one", "5432"), Host("two", "5433")]),
        ("postgresql://[::1]:5432,[fe80::1]/db", [Host("::1", "5432"), Host("fe80::1")]),
        ("postgresql://%2Ftmp%2Fa,%2Ftmp%2Fb/db", [Host("/tmp/a"), Host("/tmp/b")]),
        ("postgresql:///db?host=one", []),
        ("redis+sentinel://:p@one:26379,two/main/0", [Host("one", "26379"), Host("two")]),
    ],
)
def test_the_hosts_of_an_address(url: str, hosts: list[Host]) -> None:
    assert list(read_hosts(url).hosts) == hosts


@pytest.mark.parametrize(
    "place", ["one:x,two", "one:0,two", "one:70000,two", "[::1,two", "[::1]5432,two", "one:²,two"]
)
def test_what_is_no_host_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match=r"bracket|port"):
        psycopg_url(f"postgresql://{place}/db")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@one:5432/db?sslmode=require",
        "postgresql://u:p,w@one/db",
        "postgresql://u@/db?host=/tmp/x&port=5432",
        "postgresql+psycopg://u@one/db",
    ],
)
def test_one_host_is_left_as_it_is(url: str) -> None:
    assert in_the_query(url) == url


@pytest.mark.parametrize(
    ("url", "host", "port", "attrs"),
    [
        ("postgresql://u:p%2C@one:5432,two:5433/db", "one,two", "5432,5433", "read-write"),
        ("postgres://u:p%2C@one,two/db?target_session_attrs=any", "one,two", "5432,5432", "any"),
        ("postgresql+psycopg://u:p%2C@[::1]:6000,two/db", "::1,two", "6000,5432", "read-write"),
        ("postgresql://u:p%2C@/db?host=one,two&port=1,2", "one,two", "1,2", "read-write"),
    ],
)
def test_several_hosts_are_taken_as_postgresql_takes_them(url: str, host: str, port: str, attrs: str) -> None:
    read = make_url(psycopg_url(url))

    assert (read.drivername, read.username, read.password, read.database) == (
        "postgresql+psycopg",
        "u",
        "p,",
        "db",
    )
    assert (read.query["host"], read.query["port"], read.query["target_session_attrs"]) == (host, port, attrs)


def test_the_hosts_of_a_query_have_one_port_or_each_its_own() -> None:
    assert hosts_in_query(read_hosts("postgresql:///db?host=a,b&port=1,2")) == (
        Host("a", "1"),
        Host("b", "2"),
    )
    assert hosts_in_query(read_hosts("postgresql:///db?host=a,b&port=1")) == (Host("a", "1"), Host("b", "1"))
    assert hosts_in_query(read_hosts("postgresql:///db?host=a,b")) == (Host("a"), Host("b"))
    assert hosts_in_query(read_hosts("postgresql://one/db")) == ()
