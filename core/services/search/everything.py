"""One search: each list has only what the person may see, and what they may not see is not counted either."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from core.decisions.people import Person
from core.errors import NotFound
from core.identifiers import Prefix
from core.services.access.listing import (
    Window,
    list_executions,
    list_requested_by,
    list_runbook_executions,
    list_runbooks,
    list_workflows,
)
from core.services.incidents.opening import find_incident
from core.services.library.runbooks import find_runbook
from core.services.library.workflows import find_workflow
from core.services.runs.finding import find_execution, find_workflow_execution
from core.services.search.people import Teammate, teammates
from core.services.search.titles import incidents_titled
from core.tables import Incident, Runbook, RunbookExecution, Workflow, WorkflowExecution
from core.unit_of_work import UnitOfWork

MOST = 10  # of each kind
MOST_WORDS = 6
FEW = 3  # runbooks and people whose runs are shown as well
NUMBER = re.compile(r"(?:inc-|#)?[0-9]{1,9}", re.IGNORECASE)
ID = re.compile(r"([a-z]{3})_[0-9a-z]{1,40}")

Row = TypeVar("Row")


@dataclass(frozen=True)
class Findings:
    """What was found, at most MOST of each kind."""

    incidents: Sequence[Incident] = ()
    runs: Sequence[RunbookExecution] = ()
    executions: Sequence[WorkflowExecution] = ()
    runbooks: Sequence[Runbook] = ()
    workflows: Sequence[Workflow] = ()
    people: Sequence[Teammate] = ()

    @property
    def is_empty(self) -> bool:
        return not any(vars(self).values())


def search(work: UnitOfWork, person: Person, typed: str) -> Findings:
    """Return what the person may see of what they typed: an id, a number, a name, or words of a title."""
    words = typed.split()[:MOST_WORDS]
    if len(words) == 1 and ID.fullmatch(words[0]):
        return _with_id(work, person, words[0])
    if len(words) == 1 and NUMBER.fullmatch(words[0]):
        return _of_number(work, person, words)
    return _worded(work, person, words) if words else Findings()


def _with_id(work: UnitOfWork, person: Person, id_: str) -> Findings:
    match id_[:3]:
        case Prefix.INCIDENT:
            return Findings(incidents=_seen(lambda: find_incident(work, person, id_)))
        case Prefix.RUNBOOK_EXECUTION:
            return Findings(runs=_seen(lambda: find_execution(work, person, id_)))
        case Prefix.WORKFLOW_EXECUTION:
            return Findings(executions=_seen(lambda: find_workflow_execution(work, person, id_)))
        case Prefix.RUNBOOK:
            return Findings(runbooks=_seen(lambda: find_runbook(work, person, id_)))
        case Prefix.WORKFLOW:
            return Findings(workflows=_seen(lambda: find_workflow(work, person, id_)))
    return Findings()


def _seen(find: Callable[[], Row]) -> Sequence[Row]:
    try:
        return (find(),)
    except NotFound:
        return ()


def _of_number(work: UnitOfWork, person: Person, words: Sequence[str]) -> Findings:
    """Return the incident of this number with its runs, and what has the number in its name or title."""
    findings = _worded(work, person, words)
    for incident in _seen(lambda: find_incident(work, person, words[0])):
        others = [each for each in findings.incidents if each is not incident]
        runs = list_executions(work, incident, Window(MOST))
        return replace(findings, incidents=[incident, *others][:MOST], runs=runs)
    return findings


def _worded(work: UnitOfWork, person: Person, words: Sequence[str]) -> Findings:
    window = Window(MOST)
    runbooks = list_runbooks(work, person, window, parts=words)
    people = teammates(work, person, words, MOST)
    return Findings(
        incidents=incidents_titled(work, person, words, MOST),
        runs=_runs(work, person, runbooks[:FEW], people[:FEW]),
        runbooks=runbooks,
        workflows=list_workflows(work, person, window, parts=words),
        people=people,
    )


def _runs(
    work: UnitOfWork, person: Person, runbooks: Sequence[Runbook], people: Sequence[Teammate]
) -> list[RunbookExecution]:
    """Return the newest runs of these runbooks, and those that these people requested."""
    found: dict[str, RunbookExecution] = {}
    for runbook in runbooks:
        rows = list_runbook_executions(work, person, runbook, Window(MOST))
        found |= {row.id: row for row in rows}
    for each in people:
        rows = list_requested_by(work, person, Window(MOST), each.slack_user_id)
        found |= {row.id: row for row in rows}
    newest = sorted(found.values(), key=lambda row: (row.created_at, row.id), reverse=True)
    return newest[:MOST]
