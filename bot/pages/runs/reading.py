"""What the page of a run shows, read in one transaction, and what its reader may do about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from bot.pages.runs.timeline import Timeline, timeline
from bot.rest.paging import PageRequest
from core.decisions.people import Person
from core.decisions.policy import allows
from core.decisions.policy_table import Action
from core.errors import RunbookError
from core.services.access.listing import Position, list_children
from core.services.runs.approvals import check_can_decide
from core.services.shared.incident_scope import team_of
from core.services.shared.notices import NoticeKind
from core.services.views.executions import view_executions
from core.services.views.reading import view_execution
from core.services.views.run_cards import card_facts
from core.statuses import Status, WaitingFor
from core.tables import Notice, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.views.executions import ExecutionView, StepView
from core.views.run_cards import CardFacts

DRAWN_EVERY = 10  # seconds, in which the bar of a step that runs is drawn anew


@dataclass(frozen=True)
class Rights:
    """What the reader may do now. `no_decision`: why they may not decide the open gate; empty if they may."""

    cancel: bool = False
    retry: bool = False
    verdict: bool = False
    no_decision: str = ""


@dataclass(frozen=True)
class RunSeen:
    """`version`: changes with whatever the page shows. `doubtful`: the step about which a verdict is asked."""

    run: ExecutionView
    team: str
    children: Sequence[ExecutionView]
    next_children: str | None
    facts: CardFacts
    timeline: Timeline
    version: str
    rights: Rights
    doubtful: StepView | None


def version_of(work: UnitOfWork, row: RunbookExecution) -> str:
    """Return what differs whenever the run's card would, and every few seconds while a step runs."""
    wanted = work.session.scalar(
        select(Notice.wanted).where(Notice.subject_id == row.id, Notice.kind == NoticeKind.HEADLINE)
    )
    drawn = int(work.now.timestamp()) // DRAWN_EVERY if row.status == Status.RUNNING else 0
    return f"{row.revision}.{wanted or 0}.{drawn}"


def read_run(work: UnitOfWork, person: Person, row: RunbookExecution, page: PageRequest) -> RunSeen:
    """Read a run that the person was found to be allowed to see."""
    run, team = view_execution(work, row), team_of(work, row)
    found = page.cut(
        list_children(work, row, page.window), lambda child: Position(child.created_at, child.id)
    )
    children = view_executions(work, found.rows)
    by_step: dict[str, list[ExecutionView]] = {}
    for child_row, child in zip(found.rows, children, strict=True):
        by_step.setdefault(child_row.parent_step or "", []).append(child)
    facts = card_facts(work, row)
    return RunSeen(
        run=run,
        team=team,
        children=children,
        next_children=found.next_cursor,
        facts=facts,
        timeline=timeline(run, by_step, work.now),
        version=version_of(work, row),
        rights=_rights(work, person, run, team, facts),
        doubtful=_doubtful(run),
    )


def _rights(work: UnitOfWork, person: Person, run: ExecutionView, team: str, facts: CardFacts) -> Rights:
    is_offered = facts.retry is not None and bool(facts.retry.from_step) and run.retried_as is None
    is_stoppable = not run.status.is_final and run.outcome is None
    return Rights(
        cancel=is_stoppable and allows(person, Action.RUN_CANCEL, team),
        retry=is_offered and allows(person, Action.RUN_RETRY, team),
        verdict=allows(person, Action.RUN_VERDICT, team),
        no_decision=why_no_decision(work, person, run),
    )


def why_no_decision(work: UnitOfWork, person: Person, run: ExecutionView) -> str:
    """Return why this person cannot decide the open gate, as they would be told; empty if they can."""
    gate = run.approval
    if gate is None:
        return ""
    try:
        check_can_decide(work, person, gate.id, approved=True, seen=gate.digest)
    except RunbookError as error:
        return str(error)
    return ""


def _doubtful(run: ExecutionView) -> StepView | None:
    if run.waiting_for is not WaitingFor.VERDICT:
        return None
    return next((step for step in run.steps if step.status is Status.UNKNOWN), None)
