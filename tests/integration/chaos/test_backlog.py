"""When people stop asking for more."""

from chaos.environment import conninfo
from chaos.settling import is_too_long


def test_an_empty_database_waits_for_requests(database_url: str) -> None:
    assert not is_too_long(conninfo(database_url))


def test_a_database_that_is_away_does_not() -> None:
    assert is_too_long("postgresql://nobody@127.0.0.1:1/none")
