"""Reading what a client says to PostgreSQL."""

import pytest

from chaos.postgres_wire import ClientSide

STARTUP = (196_608).to_bytes(4) + b"user\0runbook\0\0"
TLS = (80_877_103).to_bytes(4)


def packed(body: bytes, kind: bytes = b"") -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


def query(text: str) -> bytes:
    return packed(text.encode() + b"\0", b"Q")


def parse(text: str, name: str = "") -> bytes:
    return packed(name.encode() + b"\0" + text.encode() + b"\0\0\0", b"P")


def execute(name: str = "") -> bytes:
    """Bind, execute and sync."""
    bind = packed(b"\0" + name.encode() + b"\0" + bytes(6), b"B")
    return bind + packed(b"\0" + bytes(4), b"E") + packed(b"", b"S")


def started() -> ClientSide:
    side = ClientSide()
    assert not side.commits(packed(TLS) + packed(STARTUP))
    return side


@pytest.mark.parametrize(
    "text", ["COMMIT", "commit;", " END", "INSERT INTO t VALUES (1)", "update t set x = 1"]
)
def test_what_commits_by_itself(text: str) -> None:
    assert started().commits(query(text))
    assert started().commits(parse(text) + execute())


@pytest.mark.parametrize("text", ["BEGIN", "ROLLBACK", "SELECT 1", "LISTEN notices", ""])
def test_what_commits_nothing(text: str) -> None:
    assert not started().commits(query(text))
    assert not started().commits(parse(text) + execute())


def test_within_a_transaction_only_its_end_commits() -> None:
    side = started()
    told = [side.commits(query(text)) for text in ("BEGIN", "INSERT INTO t VALUES (1)", "COMMIT")]
    assert told == [False, False, True]


def test_after_a_rollback_statements_stand_alone_again() -> None:
    side = started()
    told = [side.commits(query(text)) for text in ("BEGIN", "ROLLBACK", "DELETE FROM t")]
    assert told == [False, False, True]


def test_a_prepared_statement_is_known_by_its_name() -> None:
    side = started()
    assert not side.commits(parse("UPDATE t SET x = 1", "s1") + packed(b"", b"S"))
    assert side.commits(execute("s1"))


def test_a_statement_that_is_parsed_and_not_executed_commits_nothing() -> None:
    assert not started().commits(parse("COMMIT"))


def test_a_message_may_come_in_pieces() -> None:
    side, whole = started(), query("COMMIT")
    told = [side.commits(bytes([byte])) for byte in whole]
    assert told == [False] * (len(whole) - 1) + [True]


def test_before_the_start_nothing_is_a_statement() -> None:
    assert not ClientSide().commits(packed(TLS))
