"""A pooler before the database: one that pools sessions serves, one that pools transactions is refused."""

import pytest

from cli.startup_checks import begin
from core.clock import SystemClock
from core.database import open_engine, shares_sessions
from core.errors import ConfigurationError
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.integration.core.pooler import Pooler


@pytest.mark.parametrize("in_turn", [False, True])
@pytest.mark.parametrize("by_transaction", [False, True])
def test_a_pooler_of_transactions_is_recognised(
    database_url: str, unit_of_work: UnitOfWorkFactory, by_transaction: bool, in_turn: bool
) -> None:
    with Pooler(database_url, by_transaction=by_transaction, in_turn=in_turn) as pooler:
        engine = open_engine(pooler.url)
        found = [shares_sessions(engine) for _ in range(3)]
        engine.dispose()
    assert found == [by_transaction] * 3


def test_the_database_itself_lends_nobodys_session(unit_of_work: UnitOfWorkFactory) -> None:
    assert not shares_sessions(unit_of_work.engine)


def test_a_process_does_not_begin_behind_a_pooler_of_transactions(
    database_url: str, unit_of_work: UnitOfWorkFactory
) -> None:
    with Pooler(database_url, by_transaction=True) as pooler:
        engine = open_engine(pooler.url)
        with pytest.raises(
            ConfigurationError, match=r"pool_mode = transaction.* Set pool_mode = session there"
        ):
            begin(UnitOfWorkFactory(engine, SystemClock(), RecordedJobs()))
        engine.dispose()


def test_a_process_begins_behind_a_pooler_of_sessions(
    database_url: str, unit_of_work: UnitOfWorkFactory
) -> None:
    with Pooler(database_url, by_transaction=False) as pooler:
        engine = open_engine(pooler.url)
        begin(UnitOfWorkFactory(engine, SystemClock(), RecordedJobs()), frozen=True)
        engine.dispose()
