"""Play restores: runs start and finish, a dump is taken at a random moment, restored, and its runs finish, too."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from redis import Redis
from sqlalchemy import text

from chaos.restoring.copies import dump, restore
from chaos.restoring.definitions import OPS
from chaos.restoring.environment import Place, open_place, until
from chaos.restoring.people import answer, is_told, left, messages_by_name, thaw, twice
from core.services.access.people import load_person
from core.services.freezes.in_force import freezes_in_force
from core.services.incidents.opening import NewIncident, open_incident
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.unit_of_work import UnitOfWorkFactory

NAME = "restore"
RUNS = 3
AGE = timedelta(
    seconds=54
)  # of the incident when it is opened; it reaches the trigger's age shortly afterwards
MOMENTS = 15.0  # seconds after the start within which the dump is taken
PATIENCE = 2.0  # seconds in which nothing may begin while everything is frozen

Say = Callable[[str], None]


@dataclass(frozen=True)
class Round:
    """The result of one restore. `after`: seconds from the start to the dump. `asked`: runs that wait for a verdict."""

    after: float
    asked: int
    called_twice: dict[str, int]
    said_twice: dict[str, int]
    begun_frozen: list[str]

    @property
    def is_well(self) -> bool:
        return not (self.called_twice or self.said_twice or self.begun_frozen)


def summary(rounds: Sequence[Round]) -> str:
    repeated, doubled = (
        sum(len(each.called_twice) for each in rounds),
        sum(len(each.said_twice) for each in rounds),
    )
    begun, asked = sum(len(each.begun_frozen) for each in rounds), sum(each.asked for each in rounds)
    found = f"{repeated} steps repeated, {doubled} messages duplicated, {begun} steps started while frozen"
    return f"{len(rounds)} restores: {found}; {asked} runs waited for a verdict at once."


def play_restores(seed: int, times: int, folder: Path, say: Say) -> Sequence[Round]:
    """Play `times` restores, each on a database of its own."""
    chance = Random(f"{seed}/restores")
    with open_place(folder) as place:
        rounds: list[Round] = []
        for number in range(times):
            rounds.append(_play(place, number, chance))
            say(f"restore {number + 1} of {times}: {rounds[-1]}")
        return rounds


def _play(place: Place, number: int, chance: Random) -> Round:
    file, after = place.folder / f"dump-{number}", chance.uniform(0, MOMENTS)
    url = place.new_database(f"day_{number}")
    with place.working(url, f"day-{number}") as unit_of_work:
        dumping = threading.Timer(after, dump, (url, file))
        dumping.start()
        _begin(unit_of_work, f"day{number}")
        _finish(place, unit_of_work)
        dumping.join()
    if chance.random() < 0.5:
        with Redis.from_url(place.redis.url) as redis:
            redis.flushall()
    return _after(place, restore(file, place.database.url, f"restored_{number}"), f"restored-{number}", after)


def _begin(unit_of_work: UnitOfWorkFactory, title: str) -> None:
    with unit_of_work.begin() as work:
        person = load_person(work, OPS, source="chaos")
        incident = open_incident(work, person, NewIncident(title=title, team="database"))
        runbook = find_runbook(work, person, "careful")
        for number in range(RUNS):
            start_by_person(work, person, Start(runbook, incident, {"n": f"{title}-{number}"}))
        work.session.flush()
        work.session.execute(text("UPDATE incidents SET created_at = created_at - :age"), {"age": AGE})
        work.session.execute(text("UPDATE workflows SET trigger_since = trigger_since - :age"), {"age": AGE})


def _finish(place: Place, unit_of_work: UnitOfWorkFactory) -> None:
    def is_over() -> bool:
        answer(unit_of_work, place.done())
        return not left(unit_of_work) and is_told(unit_of_work)

    until("the day's end", is_over, lambda: left(unit_of_work))


def _after(place: Place, url: str, name: str, after: float) -> Round:
    before = place.done()
    with place.working(url, name) as unit_of_work:
        until("the freeze", lambda: _is_frozen(unit_of_work))
        until(
            "every run to be held or in doubt",
            lambda: all(" is waiting" in line for line in left(unit_of_work)),
        )
        time.sleep(PATIENCE)
        begun = place.done()[len(before) :]
        asked = len([line for line in left(unit_of_work) if line.endswith("verdict")])
        thaw(unit_of_work)
        _finish(place, unit_of_work)
    said = messages_by_name(place.slack.log())
    return Round(after, asked, twice(place.done()), twice(said), begun)


def _is_frozen(unit_of_work: UnitOfWorkFactory) -> bool:
    with unit_of_work.begin() as work:
        return bool(freezes_in_force(work))
