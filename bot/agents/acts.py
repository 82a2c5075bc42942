"""What the tools do: each makes calls to the services that REST calls, as the agent, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select

from bot.agents.arguments import FindIncidents, Note, OfIncident, OfRun, Plan, Propose
from bot.agents.shown import (
    Shown,
    digest_of_plan,
    show_incident,
    show_line,
    show_plan,
    show_run,
    show_runnable,
)
from core.decisions.people import Person
from core.errors import Superseded
from core.services.access.listing import Wanted, Window, list_incidents
from core.services.incidents.opening import find_incident
from core.services.incidents.timeline import add_note, last_lines
from core.services.library.runbooks import find_runbook
from core.services.library.runnable import runnable_for
from core.services.runs.finding import find_execution
from core.services.starts.proposals import propose_run, withdraw_run
from core.services.starts.runbook_starts import Start
from core.services.views.reading import view_execution, view_incident
from core.simulation.dry_runs import plan_by_person
from core.simulation.views import PlanView
from core.tables import JsonObject, Runbook, RunbookExecution
from core.unit_of_work import UnitOfWork

MOST_LINES = 40
MOST_RUNBOOKS = 20


def incidents(work: UnitOfWork, agent: Person, given: FindIncidents) -> Shown:
    found = [
        row
        for status in dict.fromkeys(given.status)
        for row in list_incidents(work, agent, Window(given.limit), Wanted(status=status))
    ]
    newest = sorted(found, key=lambda row: (row.created_at, row.id), reverse=True)[: given.limit]
    return {"incidents": [show_incident(view_incident(row)) for row in newest]}


def incident(work: UnitOfWork, agent: Person, given: OfIncident) -> Shown:
    row = find_incident(work, agent, given.incident)
    lines = [show_line(line) for line in last_lines(work, row, MOST_LINES)]
    return {"incident": show_incident(view_incident(row)), "last_lines_of_its_timeline": lines}


def runbooks(work: UnitOfWork, agent: Person, given: OfIncident) -> Shown:
    """Return what may run for the incident. Runbooks that refuse agents are not for it."""
    row = find_incident(work, agent, given.incident)
    found = runnable_for(work, agent, row)[: 5 * MOST_RUNBOOKS]
    written = _definitions(work, [each.id for each in found])
    shown = [show_runnable(each, written[each.id]) for each in found]
    return {"runbooks": [each for each in shown if each["agents"] != "refuse"][:MOST_RUNBOOKS]}


def _definitions(work: UnitOfWork, ids: Sequence[str]) -> Mapping[str, JsonObject]:
    rows = work.session.scalars(select(Runbook).where(Runbook.id.in_(ids)))
    return {row.id: row.definition for row in rows}


def plan(work: UnitOfWork, agent: Person, given: Plan) -> Shown:
    return show_plan(_plan(work, agent, given))


def _plan(work: UnitOfWork, agent: Person, given: Plan) -> PlanView:
    return plan_by_person(work, agent, _start(work, agent, given))


def _start(work: UnitOfWork, agent: Person, given: Plan) -> Start:
    return Start(
        find_runbook(work, agent, given.runbook), find_incident(work, agent, given.incident), given.parameters
    )


def propose(work: UnitOfWork, agent: Person, given: Propose) -> Shown:
    """Propose the run, if it would still send what was planned. Raises Superseded otherwise.

    Too many proposals are refused in what is returned: that the channel is told of them must be committed.
    """
    agent = replace(agent, behind=tuple(dict.fromkeys((*agent.behind, *given.acting_for))))
    start = replace(
        _start(work, agent, given),
        request_key=f"{agent.slack_user_id} {given.key}",
        said=given.proposal,
    )
    proposed = propose_run(work, agent, start, lambda: _check_plan(work, agent, given))
    if proposed.refused is not None or proposed.run is None:
        return {"refused": str(proposed.refused)}
    return {
        "run": show_run(view_execution(work, proposed.run)),
        "is_new": proposed.is_new,
        "next": "Nothing has been done. The run waits until a responder of the team has approved it in Slack.",
    }


def _check_plan(work: UnitOfWork, agent: Person, given: Propose) -> None:
    if digest_of_plan(_plan(work, agent, given)) != given.plan:
        raise Superseded(
            "This run would not send what was planned: the parameters, the runbook or the incident differ.",
            hint="Plan it again, read the plan, and propose that one.",
        )


def run(work: UnitOfWork, agent: Person, given: OfRun) -> Shown:
    return {"run": show_run(view_execution(work, find_execution(work, agent, given.run)))}


def cancel(work: UnitOfWork, agent: Person, given: OfRun) -> Shown:
    row: RunbookExecution = withdraw_run(work, agent, given.run)
    return {"run": show_run(view_execution(work, row))}


def note(work: UnitOfWork, agent: Person, given: Note) -> Shown:
    row = find_incident(work, agent, given.incident)
    key = f"{agent.slack_user_id} note {given.key}"
    written = add_note(work, agent, row, given.text, request_key=key)
    return {"note": {"id": written.id, "incident_id": written.incident_id}}
