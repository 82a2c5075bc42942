"""An outage is logged once when it begins, and once when it ends."""

from structlog.testing import capture_logs

from core.outage import Outage, reason


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_is_told_once_however_often_it_is_met_and_once_when_it_is_over() -> None:
    seconds = Seconds()
    outage = Outage("worker", "Redis", seconds)
    with capture_logs() as logs:
        outage.end()
        for _ in range(5):
            outage.begin(OSError("refused\n\twhat now?"))
        seconds.now = 12.34
        outage.end()
        outage.end()
    assert [(each["log_level"], each["event"]) for each in logs] == [
        ("warning", "worker cannot reach Redis and is waiting"),
        ("info", "worker can reach Redis again"),
    ]
    assert (logs[0]["error"], logs[1]["seconds"]) == ("refused what now?", 12.3)


def test_another_outage_is_told_again() -> None:
    outage = Outage("clock", "the database", Seconds())
    with capture_logs() as logs:
        for _ in range(2):
            outage.begin("gone")
            outage.end()
    assert len(logs) == 4


def test_an_outage_that_begins_at_the_clocks_zero_is_one() -> None:
    outage = Outage("clock", "the database", lambda: 0.0)
    with capture_logs() as logs:
        outage.begin("gone")
        outage.begin("gone")
    assert (outage.is_on, len(logs)) == (True, 1)


def test_the_reason_is_the_drivers_own_and_one_line() -> None:
    class Wrapped(Exception):
        orig = OSError("connection refused\n\tIs the server running?")

    assert reason(Wrapped("(psycopg.X) …")) == "connection refused Is the server running?"
