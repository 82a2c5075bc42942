"""Sessions on MariaDB and MySQL. Requires the extra `sql`, which is PyMySQL.

PyMySQL would put values into the text of a statement. So each statement is prepared on the server
(https://mariadb.com/kb/en/prepare-statement/), which takes exactly one, and its values are bound to it as user
variables; only the statement that sets these variables is put together here.
"""

import json
import re
import socket
import ssl
import struct
from contextlib import closing, suppress
from datetime import timedelta
from typing import Any

import pymysql
from pymysql.constants.SERVER_STATUS import SERVER_STATUS_IN_TRANS
from pymysql.cursors import SSCursor

from core.definitions.sql_text import UNDONE_BY_MARIADB, Statement
from core.io.database_url import DatabaseUrl
from core.io.http import NotSent
from core.io.outside_calls import CONNECT_SECONDS, OutsideCall, Refused
from core.io.rows import Rows, unique
from core.io.sql_errors import ConnectionLost, StatementFailed
from core.values.execution import Json

CLIENT_ERRORS = range(
    2000, 3000
)  # https://mariadb.com/kb/en/mariadb-error-codes/: of the client, not of the server
ACCESS_DENIED = frozenset({1044, 1045, 1049, 1698})
CLOSED = (OSError, ValueError, AttributeError, struct.error)  # of a connection that was closed meanwhile
MOST_WARNINGS = 64  # max_error_count of the server
NOT_UNDONE = 1196  # ER_WARNING_NOT_COMPLETE_ROLLBACK
MOST_SECONDS = 365 * 24 * 3600


class _Refuses:
    """Refuses to send the password in clear text, whoever asks for it."""

    def __init__(self, connection: object) -> None:
        """Need nothing of the connection."""

    def authenticate(self, _packet: object) -> object:
        raise pymysql.err.OperationalError(2059, "The server asks for the password in clear text.")


def open_mariadb(url: DatabaseUrl, address: str, call: OutsideCall) -> "MariadbSession":
    """Connect to the address that was checked; certificates are those of the host. Raises NotSent, or Refused."""
    session = MariadbSession(url, address, call)
    try:
        session.connect()
    except (pymysql.MySQLError, OSError, ssl.SSLError) as error:
        code = error.args[0] if error.args else None
        kind = Refused if code in ACCESS_DENIED else NotSent
        raise kind(f"No connection to {url.host}:{url.port}: {_said(error)}") from None
    call.ends_by(session.cancel)
    return session


class MariadbSession:
    """See core.io.sql.Session."""

    def __init__(self, url: DatabaseUrl, address: str, call: OutsideCall) -> None:
        self._url, self._address, self._call = url, address, call
        self._connection: Any = self._new()  # parts of it have no types

    def connect(self) -> None:
        """Raises what PyMySQL raises."""
        wire = self._wire()
        duplicate = wire.dup()  # TLS takes the descriptor out of the other one

        def close() -> None:
            with suppress(OSError):
                duplicate.shutdown(socket.SHUT_RDWR)
            duplicate.close()

        self._call.opened(close)
        self._connection.connect(wire)

    def begin(self, limit: timedelta, *, read_only: bool) -> None:
        seconds = max(0.001, min(limit.total_seconds(), MOST_SECONDS))
        is_mariadb = "mariadb" in str(self._connection.get_server_info()).lower()
        longest = (
            f"max_statement_time = {seconds:.3f}"
            if is_mariadb
            else f"max_execution_time = {seconds * 1000:.0f}"
        )
        whole = max(1, round(seconds))
        self._plain(
            f"SET SESSION {longest}, SESSION lock_wait_timeout = {whole}, SESSION wait_timeout = {whole + 60}"
        )
        if read_only:
            self._plain("SET SESSION TRANSACTION READ ONLY")
        self._plain(f"START TRANSACTION {'READ ONLY' if read_only else 'READ WRITE'}")

    def run(self, statement: Statement, values: list[Json], rows: Rows, *, read_only: bool) -> int:
        if read_only:
            self._plain(f"SET SESSION sql_select_limit = {rows.most + 1}")
        names = [f"@runbook_{number}" for number in range(1, len(values) + 1)]
        if names:
            literals = (self._connection.escape(_adapted(value)) for value in values)
            pairs = zip(names, literals, strict=True)
            self._prepare(f"SET {', '.join(f'{name} = {literal}' for name, literal in pairs)}")
        text = self._connection.escape(statement.with_marks(lambda _: "?"))
        self._prepare(f"PREPARE runbook_statement FROM {text}")
        count = self._execute(f"EXECUTE runbook_statement{' USING ' * bool(names)}{', '.join(names)}", rows)
        self._plain("DEALLOCATE PREPARE runbook_statement")
        return count

    def is_undone(self, statement: Statement) -> bool:
        return statement.is_undone(UNDONE_BY_MARIADB)

    def is_in_transaction(self) -> bool:
        return bool(self._connection.server_status & SERVER_STATUS_IN_TRANS)

    def commit(self) -> None:
        self._plain("COMMIT")

    def roll_back(self) -> bool:
        """Return False if a table without transactions was changed, which the server then warns of."""
        try:
            return self._is_rolled_back()
        except StatementFailed:  # by a KILL that was meant for the statement before, and came too late for it
            return self._is_rolled_back()

    def _is_rolled_back(self) -> bool:
        warnings = Rows(MOST_WARNINGS)
        self._plain("ROLLBACK")
        self._execute("SHOW WARNINGS", warnings)
        return all(row["Code"] != NOT_UNDONE for row in warnings.result(0).rows)

    def cancel(self) -> None:
        """End the running statement from a second connection: the protocol has no other way."""
        with closing(self._new()) as other:
            other.connect(self._wire())
            other.query(f"KILL QUERY {int(self._connection.thread_id())}")

    def close(self) -> None:
        with suppress(pymysql.MySQLError, OSError):
            self._connection.close()

    def _new(self) -> "pymysql.connections.Connection[SSCursor]":
        url = self._url
        return pymysql.Connection(
            host=url.host,
            port=url.port,
            user=url.user,
            password=url.password.encode(),
            database=url.database or None,
            charset="utf8mb4",
            cursorclass=SSCursor,
            autocommit=None,
            defer_connect=True,
            auth_plugin_map={"mysql_clear_password": _Refuses, "dialog": _Refuses},
            ssl_disabled=url.sslmode == "disable",
            ssl=_context(url),
        )

    def _wire(self) -> socket.socket:
        wire = socket.create_connection((self._address, self._url.port), timeout=CONNECT_SECONDS)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return wire

    def _prepare(self, text: str) -> None:
        """Do what comes before a statement is executed."""
        try:
            self._plain(text)
        except StatementFailed as error:
            raise StatementFailed(str(error), was_executed=False) from None

    def _plain(self, text: str) -> None:
        self._execute(text, Rows(0))

    def _execute(self, text: str, rows: Rows) -> int:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(text)
                return _read(cursor, rows)
        except pymysql.MySQLError as error:
            code = error.args[0] if error.args else 0
            if not isinstance(code, int) or code in CLIENT_ERRORS or code == 0:
                raise ConnectionLost(_said(error).rstrip(".")) from None
            raise StatementFailed(_said(error)) from None
        except UnicodeError:
            raise
        except CLOSED as error:
            raise ConnectionLost(type(error).__name__) from None


def _read(cursor: SSCursor, rows: Rows) -> int:
    """Read the first result, and skip the others, of a procedure."""
    count = max(0, cursor.rowcount) if cursor.description is None else 0
    names = unique([str(column[0]) for column in cursor.description or ()])
    while names and (row := cursor.fetchone()) is not None:
        rows.add(dict(zip(names, row, strict=True)))
        count += 1
    while cursor.nextset():
        pass
    return count


def _context(url: DatabaseUrl) -> ssl.SSLContext | None:
    """Return how TLS is made; None for the library's own way, which is TLS if the server has it, unverified."""
    if url.sslmode in ("disable", "prefer"):
        return None
    context = ssl.create_default_context(cafile=url.sslrootcert)
    context.check_hostname = url.sslmode == "verify-full"
    if url.sslmode == "require" and url.sslrootcert is None:
        context.verify_mode = ssl.CERT_NONE
    return context


def _adapted(value: Json) -> object:
    """Return a parameter for the library: lists and mappings are JSON text."""
    return json.dumps(value) if isinstance(value, dict | list) else value


def _said(error: Exception) -> str:
    """Return the message with its code, without its trailing period twice."""
    if isinstance(error, pymysql.MySQLError) and len(error.args) > 1:
        return f"{re.sub(r'[.]+$', '', str(error.args[1]))} ({error.args[0]})."
    return f"{str(error).rstrip('.') or type(error).__name__}."
