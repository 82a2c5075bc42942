"""Whether a pooler stands before the database that gives each transaction another session.

Sessions are relied on: their time zone, their limit on idleness, prepared statements, LISTEN. Through such a pooler one
client's settings are another one's, and statements are prepared where nobody runs them.
"""

from sqlalchemy import Connection, Engine, text

from core.errors import ConfigurationError

ROUNDS = 3  # a pooler that hands its sessions round may give the same one back by chance


def check_sessions(engine: Engine) -> None:
    """Raise ConfigurationError where a connection has no session of its own. It connects twice."""
    if shares_sessions(engine):
        raise ConfigurationError(
            "The database is behind a pooler that gives each transaction another session "
            "(PgBouncer: pool_mode = transaction), and this needs sessions of its own.",
            hint="Set pool_mode = session there, or let DATABASE_URL lead to the database itself.",
        )


def shares_sessions(engine: Engine) -> bool:
    """Whether a connection is given another session, or lends its own, between two of its transactions."""
    with engine.connect() as first, engine.connect() as second:
        return any(_is_shared(first, second, number) for number in range(ROUNDS))


def _is_shared(first: Connection, second: Connection, number: int) -> bool:
    """`first` is between two transactions while `second` is in one: it lends the last session, or the longest idle."""
    own = _session(first, f"own_{number}")
    first.commit()
    again = _session(first, f"again_{number}")
    first.commit()
    lent = _session(second, f"lent_{number}")
    now = _session(first, f"now_{number}")
    first.commit()
    second.commit()
    return lent == again or len({own, again, now}) > 1


def _session(connection: Connection, name: str) -> int:
    """The server's process. Under a new name each time, so that nothing is prepared."""
    return int(connection.scalar(text(f"SELECT pg_backend_pid() AS {name}")) or 0)
