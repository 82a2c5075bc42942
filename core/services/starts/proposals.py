"""What agents propose: runs that wait for a person before they do anything, and that an agent can only withdraw.

An agent that repeats itself gets the run that is there, so a crash between its proposal and our answer doubles nothing,
and neither does an agent that forgets what it has proposed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select

from core.decisions.initiators import initiators_from_json
from core.decisions.people import AGENT, Person
from core.decisions.policy import require
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_run
from core.definitions.parameters import check_parameters
from core.definitions.secrets import parted
from core.errors import Conflict, IdempotencyKeyReused, InvalidInput, NotAllowed, TooMany
from core.limits import WINDOW, too_many
from core.services.library.finding import owner_of
from core.services.runs.control import cancel
from core.services.runs.finding import find_execution
from core.services.shared import notices
from core.services.shared.idempotency import serialize_on_key
from core.services.shared.incident_scope import team_of
from core.services.shared.notices import NewNotice, NoticeKind
from core.services.starts.runbook_starts import Start, execution_by_request_key, start_by_person
from core.statuses import ACTIVE
from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Json

LONGEST_PROPOSAL = 4_000  # characters


@dataclass(frozen=True)
class Proposed:
    """The run, and whether this proposal made it. `refused`: why there is none."""

    run: RunbookExecution | None
    is_new: bool = False
    refused: TooMany | None = None


def propose_run(
    work: UnitOfWork, agent: Person, start: Start, check: Callable[[], None] = lambda: None
) -> Proposed:
    """Propose a run. It waits at its gate until a responder of the incident's team has approved it.

    `check`: called before a new run is made; what it raises is raised. Too many proposals are refused in the result,
    not raised: that the channel is told of them is committed. Raises what `start_by_person` raises,
    IdempotencyKeyReused if `start.request_key` was used for another proposal, and Conflict if the run is there already,
    for other people.
    """
    check_may_run(agent, start.runbook.name, owner_of(start.runbook), start.incident.team.name)
    if len(start.said) > LONGEST_PROPOSAL:
        sentence = f"A proposal has at most {LONGEST_PROPOSAL} characters, this one has {len(start.said)}."
        raise InvalidInput(sentence, field="proposal")
    serialize_on_key(work, f"proposals of {agent.slack_user_id}")
    known = _by_key(work, agent, start) or _same_and_active(work, agent, start)
    if known is not None:
        return Proposed(known)
    refused = _over_limit(work, agent)
    if refused is not None:
        _tell_once(work, agent, start.incident)
        return Proposed(None, refused=refused)
    check()
    return Proposed(start_by_person(work, agent, start), is_new=True)


def _by_key(work: UnitOfWork, agent: Person, start: Start) -> RunbookExecution | None:
    known = execution_by_request_key(work, start.request_key)
    if known is not None and not (_is_same(known, start) and _is_for_all(known, agent)):
        raise IdempotencyKeyReused(
            f"This key was already used for another proposal, {known.id}.",
            hint="Use a new key for each new proposal, and the same one only to repeat a proposal.",
            field="key",
        )
    return known


def _is_same(known: RunbookExecution, start: Start) -> bool:
    about = (known.runbook_id, known.incident_id)
    return about == (start.runbook.id, start.incident.id) and known.parameters == _parameters(known, start)


def _is_for_all(known: RunbookExecution, agent: Person) -> bool:
    """Return whether the run knows everybody behind this proposal, so that none of them can approve it."""
    return set(agent.behind) <= {each.who for each in initiators_from_json(known.initiators)}


def _parameters(known: RunbookExecution, start: Start) -> dict[str, Json]:
    """Return the parameters as a run stores them, by the schema of the known run."""
    schema = known.definition.get("parameters") or {}
    return parted(schema, check_parameters(schema, start.given(schema)))[0]


def _same_and_active(work: UnitOfWork, agent: Person, start: Start) -> RunbookExecution | None:
    """Return the run that the agent proposed with other words, or another key, and that is not over.

    Raises Conflict if that is not known to be for the people for whom the agent acts now: they could approve it.
    """
    query = select(RunbookExecution).where(
        RunbookExecution.requested_by == agent.slack_user_id,
        RunbookExecution.incident_id == start.incident.id,
        RunbookExecution.runbook_id == start.runbook.id,
        RunbookExecution.runbook_version == start.runbook.version,
        RunbookExecution.status.in_(ACTIVE),
        RunbookExecution.parent_execution_id.is_(None),
    )
    known = next((run for run in work.session.scalars(query) if _is_same(run, start)), None)
    if known is not None and not _is_for_all(known, agent):
        raise Conflict(
            f"You proposed this run already, {known.id}, and it was not made for all the people for whom you act now.",
            hint="Withdraw that one with cancel_run, and propose it again for all of them.",
        )
    return known


def _over_limit(work: UnitOfWork, agent: Person) -> TooMany | None:
    recent = func.count().filter(RunbookExecution.created_at > work.now - WINDOW)
    active = func.count().filter(RunbookExecution.status.in_(ACTIVE))
    query = select(recent, active).where(
        RunbookExecution.requested_by == agent.slack_user_id, RunbookExecution.parent_execution_id.is_(None)
    )
    proposed, waiting = work.session.execute(query).one()
    limits = work.limits
    if waiting >= limits.active_proposals_of_agent:
        sentence = f"{waiting} runs that you proposed are not over, and at most so many may be"
        return too_many(sentence, WINDOW.total_seconds())
    if proposed >= limits.proposals_of_agent:
        return too_many(f"You proposed {proposed} runs in the last minute", WINDOW.total_seconds())
    return None


def _tell_once(work: UnitOfWork, agent: Person, incident: Incident) -> None:
    """Tell the channel at most once an hour: an agent that runs wild does not flood those whom it should help."""
    name = agent.slack_user_id.removeprefix(AGENT)
    content = {
        "text": f":warning: Agent {name} proposes more than it may, so its further proposals are refused for now. "
        f"<@{agent.owner}> is responsible for it."
    }
    new = NewNotice(
        NoticeKind.MESSAGE,
        incident.id,
        incident.id,
        key=f"proposals.{name}.{work.now:%Y%m%d%H}",
        content=content,
    )
    notices.enqueue_notice(work, new)


def withdraw_run(work: UnitOfWork, agent: Person, execution_id: str) -> RunbookExecution:
    """Cancel a run that the agent proposed itself. Raises what `cancel` raises, NotAllowed for any other run."""
    row = find_execution(work, agent, execution_id)
    sentence = "You may withdraw only runs for incidents of your own team."
    require(agent, Action.RUN_WITHDRAW, team_of(work, row), sentence)
    if row.requested_by != agent.slack_user_id:
        raise NotAllowed(
            f"{row.id} was not proposed by you, so you cannot withdraw it.", hint="A responder can cancel it."
        )
    return cancel(work, agent, execution_id, Action.RUN_WITHDRAW)
