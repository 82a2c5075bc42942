"""Record the statements that a piece of code sends to PostgreSQL, and explain the longest."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

from bench.plans import Plan


@dataclass(frozen=True)
class Statement:
    """A statement with its parameters, and how many seconds it took."""

    text: str
    parameters: Mapping[str, Any]
    seconds: float


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Statement]]:
    """Record the statements that the block executes."""
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


def explain(engine: Engine, act: Callable[[], object]) -> Plan:
    """Call `act`, and return the plan of its longest statement. What that writes is rolled back."""
    with recorded(engine) as statements:
        act()
    longest = max(statements, key=lambda each: each.seconds)
    return Plan(longest.text, _plan_text(engine, longest), len(statements))


def _plan_text(engine: Engine, statement: Statement) -> str:
    with engine.connect() as connection:
        explained = f"EXPLAIN (ANALYZE, BUFFERS) {statement.text}"
        rows: Sequence[Any] = connection.exec_driver_sql(explained, dict(statement.parameters)).all()
        connection.rollback()
    return "\n".join(str(row[0]) for row in rows)
