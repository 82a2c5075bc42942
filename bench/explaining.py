"""Query plans of measured reads, as Markdown."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event


@dataclass(frozen=True)
class Statement:
    """A statement that was sent to PostgreSQL, and the seconds that it took."""

    text: str
    parameters: Mapping[str, Any]
    seconds: float


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Statement]]:
    """Record the statements that are executed in the block."""
    statements: list[Statement] = []
    begun: list[float] = []

    def before(*_: Any) -> None:
        begun.append(time.perf_counter())

    def after(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if isinstance(parameters, Mapping):
            statements.append(Statement(statement, parameters, time.perf_counter() - begun[-1]))

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def explain(engine: Engine, what: str, act: Callable[[], object]) -> str:
    """Return the plan of the slowest statement that `act` executes."""
    with recorded(engine) as statements:
        act()
    longest = max(statements, key=lambda each: each.seconds)
    words = f"The slowest of {len(statements)} statements." if len(statements) > 1 else "One statement."
    return (
        f"## {what}\n\n{words}\n\n```sql\n{longest.text.strip()}\n```\n\n```\n{_plan(engine, longest)}\n```\n"
    )


def _plan(engine: Engine, statement: Statement) -> str:
    """Return the plan of the statement, which is executed and rolled back."""
    with engine.connect() as connection:
        explained = f"EXPLAIN (ANALYZE, BUFFERS) {statement.text}"
        rows: Sequence[Any] = connection.exec_driver_sql(explained, dict(statement.parameters)).all()
        connection.rollback()
    return "\n".join(str(row[0]) for row in rows)
