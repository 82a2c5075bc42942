"""When a schedule is due: daylight saving, missed occurrences, and a slow reference that walks through every minute."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from core.decisions.schedules import (
    MOST_COUNTED,
    Decision,
    Missed,
    Timetable,
    decide,
    instant_of,
    latest_until,
    next_after,
)
from core.definitions.cron import why_not_cron

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("Europe/Berlin", "2026-01-05 03:00", "2026-01-05 02:00"),
        ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59"),
        ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00"),  # does not exist
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),  # neither does this
        ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),  # exists twice
        ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00"),
        ("America/New_York", "2026-03-08 02:15", "2026-03-08 07:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03 15:30"),  # half an hour forward
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),  # a whole day that there was not
        ("UTC", "2026-03-29 02:30", "2026-03-29 02:30"),
    ],
)
def test_the_instant_of_a_local_time(zone: str, local: str, instant: str) -> None:
    assert instant_of(datetime.fromisoformat(local), ZoneInfo(zone)) == utc(instant)


def occurrences(cron: str, zone: str, since: str, count: int) -> list[str]:
    found, at = [], utc(since)
    for _ in range(count):
        following = next_after(Timetable(cron, zone), at)
        assert following is not None
        at = following
        found.append(at.strftime("%d %H:%M"))
    return found


def test_each_local_time_once_though_clocks_change() -> None:
    berlin = "Europe/Berlin"
    assert occurrences("30 2 * * *", berlin, "2026-03-28 00:00", 3) == ["28 01:30", "29 01:00", "30 00:30"]
    assert occurrences("30 2 * * *", berlin, "2026-10-24 00:00", 3) == ["24 00:30", "25 00:30", "26 01:30"]
    # Half-hourly: the gap is one occurrence, that of its end; the hour that comes twice has its times once.
    assert occurrences("*/30 * * * *", berlin, "2026-03-29 00:00", 3) == ["29 00:30", "29 01:00", "29 01:30"]
    assert occurrences("*/30 * * * *", berlin, "2026-10-24 23:30", 4) == [
        "25 00:00",
        "25 00:30",
        "25 02:00",
        "25 02:30",
    ]


ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "Europe/Dublin",  # whose winter time is the special one
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "Pacific/Chatham",
        "Antarctica/Troll",  # two hours
        "Africa/Cairo",  # at midnight
    ]
)
MINUTES = st.sampled_from(["0", "30", "*/7", "*", "15,45", "59"])
HOURS = st.sampled_from(["*", "0", "1", "2", "2-3", "*/5", "23"])
DAYS = st.sampled_from(["* * *", "* * SUN", "1,L * *", "* 3,10 *", "*/2 * MON-FRI", "13 * FRI"])
CHANGES = st.sampled_from(
    [
        *("2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01", "2026-02-15"),
        *("2026-03-22", "2026-04-24", "2026-10-29", "2026-06-15"),
    ]
)
TIMETABLES = st.builds(
    lambda minute, hour, day, zone: Timetable(f"{minute} {hour} {day}", zone), MINUTES, HOURS, DAYS, ZONES
)
MOMENTS = st.builds(
    lambda day, seconds: utc(day) + timedelta(seconds=seconds), CHANGES, st.integers(-36 * 3600, 36 * 3600)
)


def reference(timetable: Timetable, start: datetime, end: datetime) -> list[datetime]:
    """Walk through the instants minute by minute, as somebody who watches the clock on the wall.

    A local time is due when the clock shows it for the first time, or when the clock has just jumped over it.
    """
    zone = ZoneInfo(timetable.zone)
    at = start - 5 * HOUR  # longer than any of these zones puts its clocks back
    shown = at.astimezone(zone).replace(tzinfo=None, fold=0) - MINUTE
    times = CronSim(timetable.cron, shown - MINUTE)
    named = set(takewhile(lambda local: local <= shown + DAY, times))
    found = []
    while at <= end:
        wall = at.astimezone(zone).replace(tzinfo=None, fold=0)
        fresh = [shown + minutes * MINUTE for minutes in range(1, (wall - shown) // MINUTE + 1)]
        shown = max(shown, wall)
        if at >= start and not named.isdisjoint(fresh):
            found.append(at)
        at += MINUTE
    return found


@settings(deadline=None)
@given(timetable=TIMETABLES, at=MOMENTS)
def test_it_agrees_with_somebody_who_watches_the_clock(timetable: Timetable, at: datetime) -> None:
    start = at.replace(second=0) + MINUTE
    expected = reference(timetable, start, start + 6 * HOUR)
    found, last = [], at
    while (following := next_after(timetable, last)) is not None and following <= start + 6 * HOUR:
        found.append(following)
        last = following
    assert found == expected
    latest = expected[-1] if expected else latest_until(timetable, at)
    assert latest_until(timetable, start + 6 * HOUR) == latest


@given(timetable=TIMETABLES, at=MOMENTS)
def test_the_next_and_the_latest_are_neighbours(timetable: Timetable, at: datetime) -> None:
    following, latest = next_after(timetable, at), latest_until(timetable, at)
    assert following is not None
    assert latest is not None
    assert latest <= at < following
    assert following.second == latest.second == 0
    assert latest_until(timetable, following) == following
    assert latest_until(timetable, following - timedelta(seconds=1)) == latest
    assert next_after(timetable, latest) == following
    assert next_after(timetable, latest - timedelta(microseconds=1)) == latest


HOURLY = Timetable("0 * * * *", "UTC")


def test_nothing_is_due_before_the_first_occurrence() -> None:
    first = utc("2026-01-05 04:00")
    assert decide(HOURLY, first, first - timedelta(seconds=1), HOUR) == Decision(None, None, first)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), timedelta(minutes=59)])
def test_an_occurrence_starts_even_if_somewhat_late(late: timedelta) -> None:
    first = utc("2026-01-05 04:00")
    assert decide(HOURLY, first, first + late, HOUR) == Decision(first, None, first + HOUR)


def test_after_a_downtime_only_the_latest_starts() -> None:
    first, now = utc("2026-01-05 04:00"), utc("2026-01-05 07:20")
    missed = Missed(first, utc("2026-01-05 06:00"), 3)
    assert decide(HOURLY, first, now, HOUR) == Decision(
        utc("2026-01-05 07:00"), missed, utc("2026-01-05 08:00")
    )


def test_one_that_is_too_old_does_not_start_any_more() -> None:
    weekly, first = Timetable("0 3 * * MON", "UTC"), utc("2026-01-05 03:00")
    later = first + HOUR + timedelta(seconds=1)
    assert decide(weekly, first, later, HOUR) == Decision(None, Missed(first, first, 1), first + 7 * DAY)
    assert decide(weekly, first, first + HOUR, HOUR).run == first


def test_the_number_of_missed_ones_is_bounded() -> None:
    often, first = Timetable("* * * * *", "UTC"), utc("2026-01-05 03:00")
    decision = decide(often, first, first + 300 * DAY, HOUR)
    assert decision.run == first + 300 * DAY
    assert decision.missed == Missed(first, first + 300 * DAY - MINUTE, MOST_COUNTED)


@settings(deadline=None)
@given(
    timetable=TIMETABLES,
    at=MOMENTS,
    passed=st.lists(st.integers(0, 4000), min_size=1, max_size=8),
    catch_up=st.integers(0, 180),
)
def test_every_occurrence_is_decided_exactly_once(
    timetable: Timetable, at: datetime, passed: list[int], catch_up: int
) -> None:
    """However the clock ticks: each occurrence starts, or is missed, and none is both."""
    first = next_after(timetable, at)
    assert first is not None
    decided, counted, due, now = [], 0, first, at
    for minutes in passed:
        now += minutes * MINUTE
        decision = decide(timetable, due, now, catch_up * MINUTE)
        counted += decision.missed.count if decision.missed else 0
        if decision.run is not None:
            assert now - catch_up * MINUTE <= decision.run <= now
            decided.append(decision.run)
        assert decision.next_at is not None
        assert decision.next_at > now
        due = decision.next_at
    assert decided == sorted(set(decided))
    everything, last = 0, at
    while everything < MOST_COUNTED and (following := next_after(timetable, last)) and following <= now:
        everything, last = everything + 1, following
    if everything < MOST_COUNTED:
        assert len(decided) + counted == everything


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("0 3 * * 1", None),
        ("*/15 9-17 * JAN-MAR MON#1", None),
        ("0 0 29 2 *", None),
        ("0 0 LW * *", None),
        ("0 3 * *", "A cron expression has five fields"),
        ("0 0 3 * * 1", "A cron expression has five fields"),
        ("@daily", "A cron expression has five fields"),
        ("", "A cron expression has five fields"),
        ("0 3 * * é", "A cron expression has five fields"),
        (f"{','.join(['0'] * 90)} * * * *", "A cron expression has five fields"),
        ("60 3 * * *", "There is a wrong minute in the cron expression."),
        ("0 24 * * *", "There is a wrong hour in the cron expression."),
        ("0 3 * 13 *", "There is a wrong month in the cron expression."),
        ("0 3 0 * *", "There is a wrong day-of-month in the cron expression."),
        ("0 3 * * 8", "There is a wrong day-of-week in the cron expression."),
        ("*/0 * * * *", "There is a wrong minute in the cron expression."),
        ("5-1 * * * *", "There is a wrong minute in the cron expression."),
        ("1/1/1/1/1/1/1/1 * * * *", "There is a wrong minute in the cron expression."),
        ("0 0 30 2 *", "There is a wrong day-of-month in the cron expression."),
        ("0 0 */9 * MON#5", "There is no such day, so it would never start."),
    ],
)
def test_what_a_cron_expression_may_be(cron: str, why: str | None) -> None:
    found = why_not_cron(cron)
    assert (found or "").startswith(why or "")
    assert (found is None) == (why is None)


@given(st.text("0123456789*/,-#LWMONSUJAF \t", max_size=120))
def test_no_expression_breaks_the_parser(cron: str) -> None:
    if why_not_cron(cron) is None:
        assert next_after(Timetable(cron, "Europe/Berlin"), utc("2026-03-29 00:30")) is not None
