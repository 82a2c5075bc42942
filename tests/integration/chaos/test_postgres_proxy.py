"""Commits that are lost on the way, and commits whose answer is."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from chaos.postgres_proxy import Cut, PostgresProxy
from core.database import open_engine


@pytest.fixture
def proxy(owner_url: str) -> Iterator[PostgresProxy]:
    with PostgresProxy(owner_url) as running:
        yield running


@pytest.fixture
def through(proxy: PostgresProxy) -> Iterator[Engine]:
    engine = open_engine(proxy.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE cut (word text)"))
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE cut"))
    engine.dispose()


def write(engine: Engine, word: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO cut VALUES (:word)"), {"word": word})


def written(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT word FROM cut")))


@pytest.mark.parametrize(("cut", "left"), [("unsent", []), ("unanswered", ["lost"])])
def test_a_client_that_loses_its_commit_cannot_tell(
    proxy: PostgresProxy, through: Engine, cut: Cut, left: list[str]
) -> None:
    proxy.cut(cut)
    with pytest.raises(OperationalError, match="closed the connection"):
        write(through, "lost")
    assert written(through) == left


def test_a_statement_of_its_own_is_a_commit_too(proxy: PostgresProxy, through: Engine) -> None:
    proxy.cut("unanswered")
    alone = through.execution_options(isolation_level="AUTOCOMMIT")
    with pytest.raises(OperationalError, match="closed the connection"), alone.connect() as connection:
        connection.execute(text("INSERT INTO cut VALUES ('alone')"))
    assert written(through) == ["alone"]


def test_reading_meets_no_cut(proxy: PostgresProxy, through: Engine) -> None:
    proxy.cut("unsent")
    assert written(through) == []
    assert proxy.left == 1
    proxy.spare()
    write(through, "kept")
    assert written(through) == ["kept"]
