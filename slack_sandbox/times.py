"""Time as the sandbox and Slack write it. Decisions take ``now``; only ``utc_now`` reads the clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

Clock = Callable[[], datetime]

MICROSECONDS = 1_000_000


def utc_now() -> datetime:
    return datetime.now(UTC)


def next_ts(now: datetime, last: str) -> str:
    """A message timestamp such as ``1763882000.000100``: the time in seconds, later than ``last``.

    Slack's ``ts`` is the identity of a message in its channel.
    https://docs.slack.dev/messaging/retrieving-messages
    """
    wanted = int(now.timestamp()) * MICROSECONDS + now.microsecond
    return ts_text(max(wanted, ts_microseconds(last) + 1))


def ts_text(microseconds: int) -> str:
    return f"{microseconds // MICROSECONDS}.{microseconds % MICROSECONDS:06d}"


def ts_microseconds(ts: str) -> int:
    """The microseconds since 1970 that a ``ts`` names. ValueError when it is none."""
    try:
        value = Decimal(ts)
    except InvalidOperation as error:
        raise ValueError(f"{ts!r} is not a Slack timestamp such as 1763882000.000100") from error
    if not value.is_finite():
        raise ValueError(f"{ts!r} is not a Slack timestamp such as 1763882000.000100")
    return int(value * MICROSECONDS)
