"""The audit trail in the database: nobody changes it, and whoever does is found out."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from core.advisory_locks import Number
from core.decisions.audit_chain import GENESIS, seal
from core.decisions.people import Person
from core.services.audit.chain import ChainReport, content_of, seal_entries, verify_chain
from core.services.shared import audit
from core.tables import AuditEntry
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from workers.scheduler import seal_the_audit_trail

ANN = Person("U0ANN", source="rest", token_id="tok_1")


def write(unit_of_work: UnitOfWorkFactory, count: int) -> None:
    for number in range(count):
        with unit_of_work.begin() as work:
            audit.record(work, ANN, "thing.done", f"thing {number}", {"after": {"number": number, "ü": 1.5}})


def verified(unit_of_work: UnitOfWorkFactory, head: str | None = None) -> ChainReport:
    with unit_of_work.begin() as work:
        return verify_chain(work, head)


@contextmanager
def owner(engine: Engine) -> Iterator[Connection]:
    """A connection as an ordinary role that owns the tables; nothing of it stays."""
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("CREATE ROLE audit_owner"))
        connection.execute(text("GRANT ALL ON SCHEMA public TO audit_owner"))
        for table in ("audit_entries", "audit_seals"):
            connection.execute(text(f"ALTER TABLE {table} OWNER TO audit_owner"))
        connection.execute(text("SET LOCAL ROLE audit_owner"))
        yield connection
        transaction.rollback()


CHANGES = [
    "UPDATE audit_entries SET actor = 'U0BOB'",
    "UPDATE audit_entries SET details = '{}' WHERE number = 1",
    "DELETE FROM audit_entries",
    "TRUNCATE audit_entries",
    "TRUNCATE audit_entries, audit_seals CASCADE",
    "UPDATE audit_seals SET hash = 'x'",
    "UPDATE audit_seals SET hash = NULL",
    "UPDATE audit_seals SET position = position + 10",
    "DELETE FROM audit_seals",
    "TRUNCATE audit_seals",
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_every_change_also_to_the_tables_owner(
    unit_of_work: UnitOfWorkFactory, owner_engine: Engine, change: str
) -> None:
    write(unit_of_work, 2)
    seal_the_audit_trail(unit_of_work)

    with (
        owner(owner_engine) as connection,
        pytest.raises(ProgrammingError, match="the audit trail is append-only"),
    ):
        connection.execute(text(change))
    with pytest.raises(ProgrammingError, match="append-only"), owner_engine.begin() as connection:
        connection.execute(text(change))
    assert verified(unit_of_work).broken is None


def test_the_owner_still_adds_but_cannot_put_the_triggers_to_rest_by_a_setting(owner_engine: Engine) -> None:
    with owner(owner_engine) as connection:
        connection.execute(
            text(
                "INSERT INTO audit_entries (created_at, actor, source, action, subject_id, details)"
                " VALUES (now(), 'U1', 'test', 'x', 'y', '{}')"
            )
        )
        with pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("SET LOCAL session_replication_role = replica"))


def test_entries_are_sealed_in_the_order_of_their_numbers_each_over_the_one_before(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    write(unit_of_work, 3)
    assert seal_the_audit_trail(unit_of_work) == 3
    write(unit_of_work, 2)
    assert seal_the_audit_trail(unit_of_work) == 2
    assert seal_the_audit_trail(unit_of_work) == 0

    previous = GENESIS
    with unit_of_work.begin() as work:
        for number in range(1, 6):
            previous = seal(content_of(work.session.get_one(AuditEntry, number)), previous)
    assert verified(unit_of_work) == ChainReport(sealed=5, head=previous, unsealed=0)


def test_what_is_not_sealed_yet_is_counted(unit_of_work: UnitOfWorkFactory) -> None:
    write(unit_of_work, 2)
    assert (
        verified(unit_of_work).sealed,
        verified(unit_of_work).unsealed,
        verified(unit_of_work).broken,
    ) == (0, 2, None)


def tamper(engine: Engine, change: str) -> None:
    """As somebody who has the database's superuser."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE audit_entries SET actor = 'U0BOB' WHERE number IN (3, 5)", "Entry 3, at position 3"),
        ("UPDATE audit_entries SET details = '{}' WHERE number = 4", "Entry 4, at position 4"),
        ("UPDATE audit_entries SET team = 'web' WHERE number = 2", "Entry 2, at position 2"),
        ("UPDATE audit_entries SET token_id = NULL WHERE number = 2", "Entry 2, at position 2"),
        ("UPDATE audit_entries SET created_at = created_at - interval '1 h' WHERE number = 1", "Entry 1, at"),
        ("DELETE FROM audit_entries WHERE number = 3", "Entry 3 is missing"),
        ("DELETE FROM audit_seals WHERE number = 3", "Position 3 of the chain is missing"),
        ("DELETE FROM audit_seals WHERE number = 5", "Entry 5 has no place in the chain"),
        ("UPDATE audit_seals SET hash = repeat('0', 64) WHERE number = 2", "Entry 2, at position 2"),
    ],
)
def test_verifying_names_the_first_broken_row(
    unit_of_work: UnitOfWorkFactory, owner_engine: Engine, change: str, said: str
) -> None:
    write(unit_of_work, 5)
    seal_the_audit_trail(unit_of_work)
    tamper(owner_engine, change)

    broken = verified(unit_of_work).broken
    assert broken is not None
    assert said in broken


def test_a_chain_made_anew_no_longer_has_the_head_that_was_written_down(
    unit_of_work: UnitOfWorkFactory, owner_engine: Engine
) -> None:
    write(unit_of_work, 5)
    seal_the_audit_trail(unit_of_work)
    head = verified(unit_of_work).head
    assert verified(unit_of_work, head).broken is None
    tamper(owner_engine, "UPDATE audit_entries SET actor = 'U0BOB' WHERE number = 3")
    tamper(owner_engine, "UPDATE audit_seals SET hash = NULL, position = NULL")
    seal_the_audit_trail(unit_of_work)

    assert verified(unit_of_work).broken is None
    assert "rewritten" in str(verified(unit_of_work, head).broken)


def test_an_entry_that_is_committed_late_is_sealed_late(
    unit_of_work: UnitOfWorkFactory, engine: Engine
) -> None:
    with Session(engine) as session, session.begin():
        audit.record(UnitOfWork(session, unit_of_work.clock.now(), frozenset()), ANN, "thing.done", "late")
        session.flush()
        write(unit_of_work, 2)
        assert seal_the_audit_trail(unit_of_work) == 2
    assert seal_the_audit_trail(unit_of_work) == 1

    assert verified(unit_of_work).sealed == 3
    assert verified(unit_of_work).broken is None


def test_of_two_clocks_one_seals(unit_of_work: UnitOfWorkFactory, engine: Engine) -> None:
    write(unit_of_work, 3)
    with engine.begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": Number.AUDIT.value})
        assert seal_the_audit_trail(unit_of_work) == 0
    assert seal_the_audit_trail(unit_of_work) == 3


def test_many_writers_and_two_clocks_make_one_whole_chain(unit_of_work: UnitOfWorkFactory) -> None:
    writers = [threading.Thread(target=write, args=(unit_of_work, 30)) for _ in range(4)]
    over = threading.Event()

    def seal_on() -> None:
        while not over.is_set():
            seal_the_audit_trail(unit_of_work)

    clocks = [threading.Thread(target=seal_on) for _ in range(2)]
    for thread in (*writers, *clocks):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in clocks:
        thread.join()
    seal_the_audit_trail(unit_of_work)

    assert verified(unit_of_work) == ChainReport(120, verified(unit_of_work).head, 0)


def test_more_than_one_portion_is_sealed_at_a_time(unit_of_work: UnitOfWorkFactory) -> None:
    with unit_of_work.begin() as work:
        for number in range(1001):
            work.session.add(
                AuditEntry(
                    created_at=work.now,
                    actor="U1",
                    source="test",
                    action="x",
                    subject_id=str(number),
                    details={},
                )
            )
    with unit_of_work.begin() as work:
        assert seal_entries(work) == 500
    assert seal_the_audit_trail(unit_of_work) == 501
    assert verified(unit_of_work).sealed == 1001
