"""Statements in databases, in one transaction each time, with a total deadline and bounded rows.

This module is imported only by processes that execute statements. MariaDB and MySQL require the extra `sql`.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol

from core.definitions.sql_text import Statement
from core.io.database_url import DatabaseUrl, Kind, parse_database_url
from core.io.egress import EgressPolicy, checked_address
from core.io.http import NoAnswer, NotSent
from core.io.outside_calls import OutsideCall, Refused, call_outside
from core.io.rows import MOST_BYTES, Rows
from core.io.sql_errors import ConnectionLost, StatementFailed
from core.io.statements import SqlResult, SqlWork, StatementResult
from core.values.destinations import check_listed_destination
from core.values.execution import Json

ATOMIC = frozenset({"kill", "set"})  # not undone by a rollback, but if they fail, they did nothing


class Session(Protocol):
    """A connection to a database. Each method raises StatementFailed if the server says no, or ConnectionLost."""

    def begin(self, limit: timedelta, *, read_only: bool) -> None:
        """Begin a transaction in which no statement may take longer than `limit`."""

    def run(self, statement: Statement, values: list[Json], rows: Rows, *, read_only: bool) -> int:
        """Execute one statement, and return how many rows it returned or changed."""

    def is_undone(self, statement: Statement) -> bool:
        """Return whether a rollback undoes the statement."""

    def is_in_transaction(self) -> bool:
        """Return whether the transaction is still open."""

    def commit(self) -> None: ...

    def roll_back(self) -> bool:
        """Return whether everything was undone that the server can undo."""

    def close(self) -> None: ...


class Driver(Protocol):
    """Opens sessions on one kind of server."""

    def __call__(self, url: DatabaseUrl, address: str, call: OutsideCall) -> Session:
        """Connect to the address that was checked. Raises NotSent or Refused."""


class SqlRunner:
    """Executes statements in databases that the egress policy allows, each time over its own connection.

    `drivers`: for the kinds of servers whose libraries are installed.
    """

    def __init__(self, egress: EgressPolicy, drivers: Mapping[Kind, Driver] = MappingProxyType({})) -> None:
        self._egress, self._drivers = egress, drivers

    def execute(self, work: SqlWork, limit: timedelta, stop: threading.Event) -> SqlResult:
        """Execute the statements in one transaction, within `limit` in total.

        Raises NotSent if the transaction was certainly not committed (Refused: another attempt would not help either),
        NoAnswer if nobody knows, and NotAllowed if the host or a secret's destination is forbidden.
        """
        return call_outside(lambda call: self._execute(work, call, limit), limit, stop, "sql")

    def _execute(self, work: SqlWork, call: OutsideCall, limit: timedelta) -> SqlResult:
        session = self._open(work, call)
        try:
            call.leave()
            return _Transaction(session, work, call).result(limit)
        finally:
            session.close()

    def _open(self, work: SqlWork, call: OutsideCall) -> Session:
        try:
            url = parse_database_url(work.url)
        except ValueError as error:
            raise Refused(f"The URL of the database cannot be used: {error}.") from None
        check_listed_destination(work.carried, url.host, url.port)
        try:
            address = checked_address(self._egress, url.host, url.port)
        except (OSError, UnicodeError) as error:
            raise NotSent(f"{url.host} has no address: {error}.") from error
        driver = self._drivers.get(url.kind)
        if driver is None:
            raise Refused(
                f"The library for {url.kind} is not installed. Install runbook[sql] for the workers."
            )
        return driver(url, address, call)


class _Transaction:
    """One transaction. `_lasts`: whether something may have happened that a rollback does not undo."""

    def __init__(self, session: Session, work: SqlWork, call: OutsideCall) -> None:
        self._session, self._work, self._call = session, work, call
        self._lasts = False

    def result(self, limit: timedelta) -> SqlResult:
        try:
            self._session.begin(limit, read_only=self._work.read_only)
            results = self._statements()
        except StatementFailed as error:
            raise self._failed(str(error)) from None
        except ConnectionLost as error:
            raise self._lost(f"The connection was lost: {error}.") from None
        self._end()
        return SqlResult(tuple(results))

    def _statements(self) -> list[StatementResult]:
        results, room = [], MOST_BYTES
        for number, statement in enumerate(self._work.statements, 1):
            self._check_not_stopped()
            rows = Rows(self._work.max_rows, self._work.mask, room)
            results.append(self._statement(statement, rows, number))
            room = rows.room
        return results

    def _statement(self, statement: Statement, rows: Rows, number: int) -> StatementResult:
        lasts, is_undone = self._lasts, self._session.is_undone(statement)
        self._lasts = lasts or not is_undone
        try:
            count = self._session.run(
                statement, values_of(statement, self._work), rows, read_only=self._work.read_only
            )
        except UnicodeError:
            self._lasts = lasts
            raise StatementFailed(
                f"Statement {number}: A value has characters that cannot be sent."
            ) from None
        except StatementFailed as error:
            if not error.was_executed or statement.keyword in ATOMIC:
                self._lasts = lasts
            raise StatementFailed(f"Statement {number}: {error}") from None
        if not self._session.is_in_transaction():
            self._lasts = True
        return rows.result(count)

    def _end(self) -> None:
        """Commit, unless the step must not act any more. What was only read need not be committed."""
        if self._work.read_only:
            return
        self._check_not_stopped()
        try:
            self._session.commit()
        except StatementFailed as error:
            raise self._failed(f"The commit was refused: {error}") from None
        except ConnectionLost as error:
            reason = f"The connection was lost while the transaction was committed: {error}."
            raise NoAnswer(f"{reason} Nobody knows whether it was.") from None

    def _check_not_stopped(self) -> None:
        why = self._call.why_to_end()
        if why is not None:
            raise self._failed(f"The statements were stopped: {why}.")

    def _failed(self, reason: str) -> Exception:
        """Return the error after a rollback."""
        reason = self._with_why(reason)
        with suppress(StatementFailed, ConnectionLost):  # the server rolls back what was not committed
            self._lasts |= not self._session.roll_back()
        if self._lasts:
            return NoAnswer(f"{reason} A statement before it, or its own effect, may not have been undone.")
        return NotSent(f"{reason} Nothing was changed: the transaction was rolled back.")

    def _with_why(self, reason: str) -> str:
        why = self._call.why
        return reason if why is None or why in reason else f"The statements were stopped: {why}. {reason}"

    def _lost(self, reason: str) -> Exception:
        reason = self._with_why(reason)
        if self._lasts:
            return NoAnswer(f"{reason} Nobody knows what was done before.")
        return NotSent(f"{reason} Nothing was changed: the transaction was not committed.")


def values_of(statement: Statement, work: SqlWork) -> list[Json]:
    """Return the values for the statement's placeholders, in order."""
    given = work.parameters
    if isinstance(given, Mapping):
        return [given[name or ""] for name in statement.names]
    return list(given)
