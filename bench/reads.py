"""The queries that `python -m bench scale` measures: what interfaces read, and what scheduler and poster poll."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bench.loading import ADMIN, MEMBER, PER_INCIDENT, RUNBOOKS, WORKFLOWS
from bot.pages.overview import read_overview
from bot.poster.claims import claim_next, next_due_at
from core.decisions.people import Person
from core.services.access.listing import (
    ANY,
    Position,
    Wanted,
    Window,
    list_executions,
    list_incidents,
    list_open_gates,
    list_runbook_executions,
    list_runs,
    list_workflow_executions,
)
from core.services.analytics.figures import analyse_runbook, analyse_workflow
from core.services.analytics.tallies import count_ended
from core.services.analytics.weeks import weeks_of
from core.services.audit.chain import seal_entries
from core.services.audit.reading import AuditFilter, list_entries
from core.services.executions.kinds import RUNBOOK
from core.services.incidents.ages import due_by_age
from core.services.incidents.opening import find_incident
from core.services.incidents.timeline import timeline
from core.services.library.runbooks import find_runbook
from core.services.library.workflows import find_workflow
from core.services.runs.finding import find_execution
from core.services.views.executions import view_approvals, view_executions
from core.services.views.reading import view_execution, view_incident, view_workflow_executions
from core.unit_of_work import UnitOfWork
from workers.scheduler import find_due

PAGE = 51  # a REST page of the usual size, plus the row that shows whether there is another
FIRST = Window(PAGE)
MONTH = timedelta(days=30)
NEVER = (
    "timed_out"  # a status that no execution has: the whole index is looked through, if it is the wrong one
)

Act = Callable[[UnitOfWork, Person, str], object]


@dataclass(frozen=True)
class Read:
    """One query. `about`: the ids or names that it is called with, one after the other."""

    what: str
    act: Act
    about: Sequence[str] = ("",)
    rounds: int = 100
    person: str = ADMIN  # empty: the system


def reads(executions: int, chance: random.Random) -> Iterator[Read]:
    some = [chance.randint(1, executions) for _ in range(200)]
    incidents = [f"inc-{1 + n // PER_INCIDENT}" for n in some]
    runbooks = [f"runbook-{3 + n % (RUNBOOKS - 2)}" for n in some]
    yield Read("one execution with its steps", _one, [f"rbx_{n}" for n in some], 200)
    yield Read("executions of an incident", _of_incident, incidents, 200)
    yield Read("… of a status", partial(_of_incident, wanted=Wanted(status="failed")), incidents)
    yield Read("timeline of an incident", _timeline, incidents, 200)
    yield from _analytics(runbooks)
    yield from _runs_of("runbook-1", "the busiest runbook", ADMIN)
    yield from _runs_of("runbook-2", "a global runbook, to a team of twenty", MEMBER)
    yield from _all_runs()
    yield from _other_lists()
    yield from _trail([f"rbx_{n}" for n in some])


def _analytics(runbooks: Sequence[str]) -> Iterator[Read]:
    workflows = [f"workflow-{number}" for number in range(1, WORKFLOWS + 1)]
    yield Read("analytics of the busiest runbook", _analyse, ["runbook-1"])
    yield Read("… since a month ago", partial(_analyse, back=MONTH), ["runbook-1"])
    yield Read("analytics of a global runbook, all teams", _analyse, ["runbook-2"])
    yield Read("… to a team of twenty", _analyse, ["runbook-2"], person=MEMBER)
    yield Read("analytics of another runbook", _analyse, runbooks)
    yield Read("analytics of a workflow", _analyse_workflow, workflows)
    teams = [f"team-{number}" for number in range(1, 21)]
    yield Read("weeks of a team", lambda work, _, team: weeks_of(work, team), teams)
    yield Read("the overview page", read_overview, teams)
    yield Read(
        "… to a team of twenty", lambda work, person, _: read_overview(work, person, None), person=MEMBER
    )


def _runs_of(name: str, words: str, person: str) -> Iterator[Read]:
    yield Read(f"executions of {words}", _of_runbook, [name], person=person)
    for what, back, wanted in (
        ("a page half a year back", MONTH * 6, ANY),
        ("of a status", None, Wanted(status="failed")),
        ("of a status that does not occur", None, Wanted(status=NEVER)),
        ("of an incident", None, Wanted(incident="inc_4321")),
    ):
        yield Read(f"… {what}", partial(_of_runbook, wanted=wanted, back=back), [name], person=person)
    yield Read("… of one month", partial(_of_runbook, month=True), [name], person=person)


def _all_runs() -> Iterator[Read]:
    for words, person in (("all runs", ADMIN), ("all runs, to a team of twenty", MEMBER)):
        yield Read(words, _runs, person=person)
        yield Read("… a page half a year back", partial(_runs, back=MONTH * 6), person=person)
        yield Read("… failed", partial(_runs, wanted=Wanted(status="failed")), person=person)
        yield Read("… of a status that does not occur", partial(_runs, wanted=Wanted(status=NEVER)))
    yield Read("all runs of a team", _runs, [f"team-{number}" for number in range(1, 21)])


def _other_lists() -> Iterator[Read]:
    workflows = [f"workflow-{number}" for number in range(1, WORKFLOWS + 1)]
    yield Read("executions of a workflow", _of_workflow, workflows)
    yield Read(
        "… of a status that does not occur", partial(_of_workflow, wanted=Wanted(status=NEVER)), workflows
    )
    yield Read("… to a team of twenty", _of_workflow, workflows, person=MEMBER)
    yield Read("incidents", _incidents)
    yield Read("… a page half a year back", partial(_incidents, back=MONTH * 6))
    yield Read("… open", partial(_incidents, wanted=Wanted(status="open")))
    yield Read("… acknowledged (none is)", partial(_incidents, wanted=Wanted(status="acknowledged")))
    yield Read("… of a team", _incidents, [f"team-{number}" for number in range(1, 21)])
    yield Read("… to a team of twenty", _incidents, person=MEMBER)
    yield Read("open gates", _gates)
    yield Read("… to a team of twenty", _gates, person=MEMBER)


def _trail(subjects: Sequence[str]) -> Iterator[Read]:
    yield Read("audit trail", _audit)
    yield Read("… by actor", partial(_audit, name="actor"), [f"U{n}" for n in range(1, 200)])
    yield Read("… by action, rare", partial(_audit, name="action"), ["runbook_execution.cancelled"])
    yield Read("… by action, never done", partial(_audit, name="action"), ["runbook.approved.never"])
    yield Read("… by subject", partial(_audit, name="subject_id"), subjects)
    yield Read("… of one month", partial(_audit, month=True))


def polls() -> Iterator[Read]:
    """Yield the queries that processes repeat all the time. What they write is rolled back."""
    for what, act in (
        ("scheduler: executions to enqueue", lambda work, *_: find_due(work, RUNBOOK)),
        ("scheduler: incidents that reached an age", lambda work, *_: due_by_age(work)),
        ("scheduler: audit entries to seal", lambda work, *_: seal_entries(work)),
        ("scheduler: ended executions to count", lambda work, *_: count_ended(work)),
        ("poster: next notice", lambda work, *_: claim_next(work.session, work.now)),
        ("poster: whether a notice is due", lambda work, *_: next_due_at(work.session, work.now)),
    ):
        yield Read(what, act, rounds=200, person="")


def _one(work: UnitOfWork, person: Person, execution_id: str) -> object:
    return view_execution(work, find_execution(work, person, execution_id))


def _of_incident(work: UnitOfWork, person: Person, incident: str, wanted: Wanted = ANY) -> object:
    found = find_incident(work, person, incident)
    return view_executions(work, list_executions(work, found, FIRST, wanted))


def _timeline(work: UnitOfWork, person: Person, incident: str) -> object:
    return timeline(work, find_incident(work, person, incident), FIRST)


def _analyse(work: UnitOfWork, person: Person, runbook: str, back: timedelta | None = None) -> object:
    since = work.now - back if back is not None else None
    return analyse_runbook(work, person, find_runbook(work, person, runbook), since=since)


def _analyse_workflow(work: UnitOfWork, person: Person, workflow: str) -> object:
    return analyse_workflow(work, person, find_workflow(work, person, workflow))


def _of_runbook(
    work: UnitOfWork,
    person: Person,
    name: str,
    wanted: Wanted = ANY,
    back: timedelta | None = None,
    month: bool = False,
) -> object:
    only = _a_month(work) if month else wanted
    row = find_runbook(work, person, name)
    return view_executions(work, list_runbook_executions(work, person, row, _window(work, back), only))


def _runs(
    work: UnitOfWork, person: Person, team: str, wanted: Wanted = ANY, back: timedelta | None = None
) -> object:
    rows = list_runs(work, person, _window(work, back), wanted, team=team or None)
    return view_executions(work, rows)


def _of_workflow(work: UnitOfWork, person: Person, name: str, wanted: Wanted = ANY) -> object:
    row = find_workflow(work, person, name)
    return view_workflow_executions(work, list_workflow_executions(work, person, row, FIRST, wanted))


def _incidents(
    work: UnitOfWork, person: Person, team: str, wanted: Wanted = ANY, back: timedelta | None = None
) -> object:
    return [
        view_incident(row)
        for row in list_incidents(work, person, _window(work, back), wanted, team=team or None)
    ]


def _gates(work: UnitOfWork, person: Person, _: str) -> object:
    return view_approvals(work, list_open_gates(work, person, FIRST))


def _audit(work: UnitOfWork, person: Person, value: str, name: str = "", month: bool = False) -> object:
    given = {name: value} if name else {}
    wanted = _a_month(work)
    times = {"since": wanted.since, "until": wanted.until} if month else {}
    return list_entries(work, person, AuditFilter(**given, **times), PAGE, None)  # type: ignore[arg-type]


def _window(work: UnitOfWork, back: timedelta | None) -> Window:
    return Window(PAGE, Position(work.now - back, "zzz_z")) if back is not None else FIRST


def _a_month(work: UnitOfWork) -> Wanted:
    return Wanted(since=work.now - 6 * MONTH, until=work.now - 5 * MONTH)
