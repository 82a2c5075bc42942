"""Sessions on PostgreSQL.

Each statement is sent by the extended protocol, which takes exactly one
(https://www.postgresql.org/docs/current/protocol-flow.html), and runs inside `BEGIN`, where no function or procedure
can end the transaction. A query is made first: after it, PostgreSQL refuses to make a read-only transaction writable
(https://www.postgresql.org/docs/current/sql-set-transaction.html). All settings are local to the transaction, so that
none stays behind in the connection of a pooler.
"""

import json
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import psycopg
from psycopg import errors, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from core.definitions.sql_text import UNDONE_BY_POSTGRESQL, Statement
from core.io.database_url import DatabaseUrl
from core.io.http import NotSent
from core.io.outside_calls import CONNECT_SECONDS, OutsideCall
from core.io.rows import Rows, unique
from core.io.sql_errors import ConnectionLost, StatementFailed
from core.values.execution import Json

CANCEL_SECONDS = 2.0
SAVEPOINT = "runbook_before_statement"
CHECKS_CLIENT = 140_000  # the version that knows client_connection_check_interval
SETTINGS = """
SELECT set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $1, true)
"""
CHECK_CLIENT = "SELECT set_config('client_connection_check_interval', '1s', true)"
OTHER_DATA = frozenset({ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH})


def open_postgresql(url: DatabaseUrl, address: str, call: OutsideCall) -> "PostgresqlSession":
    """Connect to the address that was checked; certificates are those of the host. Raises NotSent."""
    try:
        connection = psycopg.connect(
            host=url.host,
            hostaddr=address,
            port=url.port,
            user=url.user,
            password=url.password,
            dbname=url.database or url.user,
            sslmode=url.sslmode,
            sslrootcert=url.sslrootcert or "",
            connect_timeout=int(CONNECT_SECONDS),
            application_name="runbook",
            options="",
            passfile="",
            autocommit=True,
        )
    except psycopg.Error as error:
        raise NotSent(f"No connection to {url.host}:{url.port}: {_one_line(error)}.") from None
    # The library's own close must not be called while another thread uses the connection.
    shared = socket.socket(fileno=os.dup(connection.fileno()))

    def close() -> None:
        with suppress(OSError):
            shared.shutdown(socket.SHUT_RDWR)
        shared.close()

    session = PostgresqlSession(connection)
    call.opened(close)
    call.ends_by(session.cancel)
    return session


class PostgresqlSession:
    """See core.io.sql.Session."""

    def __init__(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        self._connection = connection

    def begin(self, limit: timedelta, *, read_only: bool) -> None:
        milliseconds = str(max(1, round(limit.total_seconds() * 1000)))
        mode = "READ ONLY" if read_only else "READ WRITE"
        self._plain(f"BEGIN {mode}")
        self._query(SETTINGS, [milliseconds], Rows(1), stops_early=False)
        if self._connection.info.server_version >= CHECKS_CLIENT:
            self._plain(f"SAVEPOINT {SAVEPOINT}")
            try:  # so that a statement ends when its worker has died; not every platform can
                self._query(CHECK_CLIENT, [], Rows(1), stops_early=False)
            except StatementFailed:
                self._plain(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")

    def run(self, statement: Statement, values: list[Json], rows: Rows, *, read_only: bool) -> int:
        text = statement.with_marks(lambda number: f"${number}")
        adapted = [_adapted(value) for value in values]
        if not read_only:
            return self._query(text, adapted, rows, stops_early=False)
        self._plain(f"SAVEPOINT {SAVEPOINT}")
        count = self._query(text, adapted, rows, stops_early=True)
        if not self.is_in_transaction():  # it was cancelled because enough rows had come
            self._plain(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
        return count

    def is_undone(self, statement: Statement) -> bool:
        return statement.is_undone(UNDONE_BY_POSTGRESQL)

    def is_in_transaction(self) -> bool:
        return self._connection.info.transaction_status is TransactionStatus.INTRANS

    def commit(self) -> None:
        if not self.is_in_transaction():  # PostgreSQL answers COMMIT of a failed transaction with success
            raise StatementFailed("the transaction had ended before.")
        self._plain("COMMIT")

    def roll_back(self) -> bool:
        self._plain("ROLLBACK")
        return True

    def cancel(self) -> None:
        self._connection.cancel_safe(timeout=CANCEL_SECONDS)

    def close(self) -> None:
        self._connection.close()

    def _plain(self, text: str) -> None:
        self._query(text, [], Rows(0), stops_early=False)

    def _query(self, text: str, values: list[object], rows: Rows, *, stops_early: bool) -> int:
        """Execute one statement; rows are read one by one, so that only those that are kept take up memory."""
        try:
            self._send(text, values)
            return self._receive(rows, stops_early=stops_early)
        except psycopg.OperationalError as error:
            if error.sqlstate is None or self._connection.broken:
                raise ConnectionLost(_one_line(error)) from None
            raise StatementFailed(_said(error)) from None
        except psycopg.Error as error:
            if self._connection.broken:
                raise ConnectionLost(_one_line(error)) from None
            raise StatementFailed(_said(error)) from None

    def _send(self, text: str, values: list[object]) -> None:
        adapter = Transformer(self._connection)
        dumped = adapter.dump_sequence(values, [PyFormat.AUTO] * len(values))
        wire = self._connection.pgconn
        wire.send_query_params(
            text.encode(self._connection.info.encoding),
            dumped,
            param_types=adapter.types,
            param_formats=adapter.formats,
        )
        wire.set_single_row_mode()
        self._connection.wait(generators.send(wire))

    def _receive(self, rows: Rows, *, stops_early: bool) -> int:
        """Read all results. `stops_early`: cancel the statement once more rows have come than are kept."""
        wire, reader = self._connection.pgconn, _Reader(self._connection, rows)
        is_cancelled, failure = False, None
        while (result := self._connection.wait(generators.fetch(wire))) is not None:
            if result.status in OTHER_DATA:
                self._connection.close()
                raise psycopg.OperationalError("the server expects other data than rows")
            if result.status == ExecStatus.FATAL_ERROR:
                failure = errors.error_from_result(result, encoding=self._connection.info.encoding)
            else:
                reader.read(result)
            if stops_early and rows.is_cut and not is_cancelled:
                is_cancelled = True
                self._connection.cancel_safe(timeout=CANCEL_SECONDS)
        if failure is not None and not is_cancelled:
            raise failure
        return reader.count


class _Reader:
    """Reads the results of one statement into `rows`. `count`: how many rows it returned or changed so far."""

    def __init__(self, connection: "psycopg.Connection[tuple[object, ...]]", rows: Rows) -> None:
        self._adapter, self._encoding, self._rows = Transformer(connection), connection.info.encoding, rows
        self._names: list[str] = []
        self.count = 0

    def read(self, result: PGresult) -> None:
        if result.status != ExecStatus.SINGLE_TUPLE:
            self.count = max(self.count, result.command_tuples or 0)
            return
        self._adapter.set_pgresult(result)
        self._names = self._names or unique(
            [
                (result.fname(column) or b"").decode(self._encoding, "replace")
                for column in range(result.nfields)
            ]
        )
        self._rows.add(dict(zip(self._names, self._values(result), strict=True)))
        self.count += 1

    def _values(self, result: PGresult) -> Sequence[object]:
        try:
            return self._adapter.load_row(0, tuple)
        except psycopg.DataError:  # a time that Python does not have, such as infinity
            texts = (result.get_value(0, column) for column in range(result.nfields))
            return [None if text is None else bytes(text).decode(self._encoding, "replace") for text in texts]


def _adapted(value: Json) -> object:
    """Return a parameter for the library: a list is an array, a mapping JSON text. The server infers types of texts."""
    is_json = isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(v, dict | list) for v in value)
    )
    return json.dumps(value) if is_json else value


def _said(error: psycopg.Error) -> str:
    primary = error.diag.message_primary or _one_line(error)
    return f"{primary} ({error.sqlstate})." if error.sqlstate else f"{primary}."


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
