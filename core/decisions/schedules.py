"""When a schedule is due. Its local times become instants by these rules:

- a time that does not exist, because clocks are put forward, is the first instant after the gap;
- a time that exists twice, because clocks are put back, is the first of the two;
- local times that fall on one instant are one occurrence.

After a downtime only the latest missed occurrence starts, unless it is too old; the others are missed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from core.definitions.cron import local_times, zone_named

MOST_COUNTED = 1_000  # missed occurrences; beyond that their exact number is of no use
MOST_SKIPPED = 3_000  # minutes of a day that clocks were put back by, and some more
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Timetable:
    """A valid cron expression, and the IANA name of the time zone in which it is meant."""

    cron: str
    zone: str

    @classmethod
    def of_trigger(cls, trigger: Mapping[str, object]) -> "Timetable | None":
        """Return the timetable of a workflow's trigger as it is stored; None if it is not a schedule."""
        if trigger.get("on") != "schedule":
            return None
        return cls(str(trigger["cron"]), str(trigger.get("timezone", "UTC")))


@dataclass(frozen=True, slots=True)
class Missed:
    """Occurrences that do not start. `count` is at most MOST_COUNTED, even if there are more."""

    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What is due. `run`: the occurrence that starts now. `next_at`: the next one; None if there is none any more."""

    run: datetime | None
    missed: Missed | None
    next_at: datetime | None


@lru_cache(maxsize=1024)
def next_after(timetable: Timetable, at: datetime) -> datetime | None:
    """Return the first occurrence after `at`, in UTC; None if there is none within 50 years."""
    zone = zone_named(timetable.zone)
    times = islice(local_times(timetable.cron, _local(at, zone)), MOST_SKIPPED)
    return next((found for time in times if (found := instant_of(time, zone)) > at), None)


def latest_until(timetable: Timetable, at: datetime) -> datetime | None:
    """Return the last occurrence that is not after `at`, in UTC; None if there was none within 50 years."""
    zone = zone_named(timetable.zone)
    times = islice(local_times(timetable.cron, _latest_local(at, zone), backwards=True), MOST_SKIPPED)
    return next((found for time in times if (found := instant_of(time, zone)) <= at), None)


def decide(timetable: Timetable, first: datetime, now: datetime, catch_up: timedelta) -> Decision:
    """Return what is due `now`. `first`: the first occurrence that is not decided yet.

    `catch_up`: how late an occurrence may start.
    """
    if first > now:
        return Decision(None, None, first)
    latest = max(latest_until(timetable, now) or first, first)
    run = latest if now - latest <= catch_up else None
    return Decision(run, _missed(timetable, first, latest, run), next_after(timetable, now))


def _missed(timetable: Timetable, first: datetime, latest: datetime, run: datetime | None) -> Missed | None:
    if first == run:
        return None
    last = latest if run is None else latest_until(timetable, latest - SECOND) or first
    count, at = 1, first
    while count < MOST_COUNTED and (following := next_after(timetable, at)) is not None and following <= last:
        count, at = count + 1, following
    return Missed(first, last, count)


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, of a local time without a zone, by the rules above."""
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    return instant if _local(instant, zone) == local else _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which clocks are put forward over this local time.

    In a gap, `fold` 0 reads the clock from before the change and `fold` 1 the one from after it, so the change lies
    between the two instants (PEP 495, https://peps.python.org/pep-0495/#mind-the-gap).
    """
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    old = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == old else (before, middle)
    return after


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _latest_local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return a local time without a zone that is after every one whose instant is not after `at`.

    When clocks show a time for the second time, later times have already been shown once.
    """
    there = at.astimezone(zone)
    first, second = there.replace(fold=0).utcoffset(), there.replace(fold=1).utcoffset()
    assert first is not None
    assert second is not None
    shown = there.replace(tzinfo=None, fold=0) + SECOND
    return shown + (first - second) if there.fold else shown
