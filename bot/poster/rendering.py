"""Render a claimed notice: its card, for the current state in the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from bot.cards.blocks import Message
from bot.cards.detail import MOST_STEPS, detail
from bot.cards.gate import Copy, gate
from bot.cards.headline import headline
from bot.cards.incident import MOST_PROPOSED, incident
from bot.cards.input import input_card
from bot.cards.outcome import outcome
from bot.cards.output_file import OutputFile, is_long, output_file
from bot.cards.plain import plain
from bot.cards.reminder import reminder
from bot.cards.summary import summary
from bot.cards.verdict import verdict
from bot.pages.links import RunLinks
from core.decisions.gate_times import Prompt
from core.identifiers import Prefix
from core.services.freezes.in_force import freezes_in_force
from core.services.incidents.proposals import proposals_for
from core.services.incidents.report import report_of
from core.services.operations.installation import generation_of
from core.services.shared.notices import NoticeKind
from core.services.views.executions import view_freeze_over, view_input
from core.services.views.reading import view_approval, view_execution, view_incident
from core.services.views.run_cards import card_facts
from core.statuses import UNRESOLVED, Status
from core.tables import Approval, Incident, InputRequest, Notice, RunbookExecution, WorkflowExecution
from core.unit_of_work import UnitOfWork
from core.views.executions import ExecutionView, StepView

from .claims import Claim
from .slack import is_person

# Replies in a thread that the channel always gets to see: people are asked something.
MOST_FILES = 10  # of one run; what is not attached is on its page
BROADCAST = frozenset({NoticeKind.GATE, NoticeKind.VERDICT, NoticeKind.INPUT})


@dataclass(frozen=True)
class Rendered:
    """What to send; `message` is None if there is nothing new to show.

    `shows`: the wanted state that it delivers. `part`: which of the notice's messages it is. `steps_shown`: in the
    detail thread, how many steps are shown once it is delivered. `generation`: of the database
    (core.services.operations.restore). `broadcast`: whether a reply in a thread is shown in the channel, too. `file`:
    what to upload in place of a message. `files`: the positions of steps whose whole output is to follow as a file.
    """

    message: Message | None
    shows: int
    part: int = 0
    steps_shown: int | None = None
    generation: int = 1
    broadcast: bool = False
    file: OutputFile | None = None
    files: tuple[int, ...] = ()


def render(work: UnitOfWork, claim: Claim, links: RunLinks) -> Rendered:
    """Return the card of a claimed notice, with the notice's id in its metadata."""
    if claim.kind is NoticeKind.DETAIL:
        rendered = _detail(work, claim, links)
    elif claim.kind is NoticeKind.FILE:
        return _file(work, claim)
    else:
        rendered = Rendered(_RENDERERS[claim.kind](work, claim, links), claim.wanted)
    if rendered.message is None:
        return rendered
    broadcast = _is_broadcast(work, claim)
    return _marked(replace(rendered, generation=generation_of(work.session), broadcast=broadcast), claim)


def _is_broadcast(work: UnitOfWork, claim: Claim) -> bool:
    """Return True if the channel gets to see a reply in a thread; for an outcome, as the incident's team wants it."""
    if claim.kind is not NoticeKind.OUTCOME:
        return claim.kind in BROADCAST
    return work.session.get_one(Incident, claim.incident_id).team.outcome == "broadcast"


def _execution(work: UnitOfWork, execution_id: str) -> ExecutionView:
    return view_execution(work, work.session.get_one(RunbookExecution, execution_id))


def _headline(work: UnitOfWork, claim: Claim, links: RunLinks) -> Message:
    row = work.session.get_one(RunbookExecution, claim.subject_id)
    facts = card_facts(work, row)
    return headline(view_execution(work, row), facts, now=work.now, page=links.page(row.id))


def _gate(work: UnitOfWork, claim: Claim, links: RunLinks) -> Message:
    approval = view_approval(work, work.session.get_one(Approval, claim.subject_id))
    execution_id = approval.execution_id
    page, copy = links.page(execution_id), _copy(work, claim)
    return gate(_execution(work, execution_id), approval, page=page, copy=copy)


def _copy(work: UnitOfWork, claim: Claim) -> Copy | None:
    """Return which copy of a gate it is: that for a person, or for another channel; None for the gate itself."""
    if not claim.key:
        return None
    incident = work.session.get_one(Incident, claim.incident_id)
    reader = claim.channel if claim.channel and is_person(claim.channel) else None
    return Copy(incident.slack_channel, reader)


def _reminder(work: UnitOfWork, claim: Claim, links: RunLinks) -> Message | None:
    approval = view_approval(work, work.session.get_one(Approval, claim.subject_id))
    execution_id, prompt = approval.execution_id, Prompt(claim.content["prompt"])
    return reminder(_execution(work, execution_id), approval, prompt, page=links.page(execution_id))


def _verdict(work: UnitOfWork, claim: Claim, _links: RunLinks) -> Message:
    return verdict(
        _execution(work, claim.subject_id), int(claim.content["position"]), int(claim.content["attempt"])
    )


def _input(work: UnitOfWork, claim: Claim, links: RunLinks) -> Message:
    asked = view_input(work.session.get_one(InputRequest, claim.subject_id))
    execution_id = asked.execution_id
    return input_card(_execution(work, execution_id), asked, page=links.page(execution_id))


def _outcome(work: UnitOfWork, claim: Claim, links: RunLinks) -> Message:
    row = work.session.get_one(RunbookExecution, claim.subject_id)
    return outcome(view_execution(work, row), card_facts(work, row), page=links.page(row.id))


def _incident(work: UnitOfWork, claim: Claim, links: RunLinks) -> Message:
    row = work.session.get_one(Incident, claim.subject_id)
    freezes = freezes_in_force(work) if row.status in UNRESOLVED else []
    proposed = proposals_for(work, row, MOST_PROPOSED) if row.status in UNRESOLVED else []
    page = links.incident(row.number)
    return incident(view_incident(row), view_freeze_over(freezes, row), proposed=proposed, page=page)


def _summary(work: UnitOfWork, claim: Claim, _links: RunLinks) -> Message:
    return summary(report_of(work, work.session.get_one(Incident, claim.subject_id)))


def _plain(work: UnitOfWork, claim: Claim, _links: RunLinks) -> Message:
    text = str(claim.content["text"])
    if claim.subject_id.startswith(f"{Prefix.FREEZE}_"):
        return plain(text, block_id=f"freeze.{claim.subject_id}.{claim.key}")
    if claim.subject_id.startswith(f"{Prefix.INCIDENT}_"):
        return plain(text, block_id=f"incident.{claim.subject_id}.{claim.key}")
    caused_by = work.session.get(WorkflowExecution, claim.subject_id)
    if caused_by is not None:
        return plain(text, workflow=caused_by.workflow_name, workflow_execution_id=caused_by.id)
    return plain(text, execution=_execution(work, claim.subject_id))


_RENDERERS: dict[NoticeKind, Callable[[UnitOfWork, Claim, RunLinks], Message | None]] = {
    NoticeKind.HEADLINE: _headline,
    NoticeKind.GATE: _gate,
    NoticeKind.REMINDER: _reminder,
    NoticeKind.VERDICT: _verdict,
    NoticeKind.INPUT: _input,
    NoticeKind.OUTCOME: _outcome,
    NoticeKind.INCIDENT: _incident,
    NoticeKind.SUMMARY: _summary,
    NoticeKind.MESSAGE: _plain,
}


def _file(work: UnitOfWork, claim: Claim) -> Rendered:
    execution = _execution(work, claim.subject_id)
    file = output_file(execution, int(claim.content["position"]), claim.notice_id)
    return Rendered(None, claim.wanted, file=file)


def _detail(work: UnitOfWork, claim: Claim, links: RunLinks) -> Rendered:
    """Return the steps that ended since the last reply in the thread; what does not fit is left for the next reply."""
    execution = _execution(work, claim.subject_id)
    ended = [
        step
        for step in execution.steps
        if step.finished_at is not None and step.output is not None and not step.carried_over
    ]
    shown = int(claim.content.get("told", 0))
    new = ended[shown : shown + MOST_STEPS]
    if not new:
        return Rendered(None, claim.wanted, steps_shown=shown)
    is_all = shown + len(new) == len(ended)
    shows = claim.wanted if is_all else claim.wanted - 1
    files = _files(work, execution, new)
    names = {execution.steps[position].id for position in files}
    message = detail(execution, new, files=names, page=links.page(execution.id))
    return Rendered(message, shows, part=shown, steps_shown=shown + len(new), files=files)


def _files(work: UnitOfWork, execution: ExecutionView, ended: Sequence[StepView]) -> tuple[int, ...]:
    """Return which steps' outputs follow as files: the long ones, failed steps first, at most MOST_FILES for a run."""
    of_run = (Notice.subject_id == execution.id, Notice.kind == NoticeKind.FILE)
    posted = work.session.scalar(select(func.count()).select_from(Notice).where(*of_run)) or 0
    position = {step.id: at for at, step in enumerate(execution.steps)}
    by_need = sorted(filter(is_long, ended), key=lambda step: step.status is Status.SUCCEEDED)
    return tuple(position[step.id] for step in by_need[: max(MOST_FILES - posted, 0)])


def _marked(rendered: Rendered, claim: Claim) -> Rendered:
    """Add the notice to the metadata, by which a post that got no answer, and the state it shows, are found again."""
    assert rendered.message is not None
    metadata: dict[str, Any] = rendered.message.metadata or {
        "event_type": "runbook_notice",
        "event_payload": {},
    }
    about = {"notice_id": claim.notice_id, "part": rendered.part, "shows": rendered.shows}
    about["generation"] = rendered.generation
    if rendered.steps_shown is not None:
        about["told"] = rendered.steps_shown
    payload = {**metadata["event_payload"], **about}
    message = replace(rendered.message, metadata={**metadata, "event_payload": payload})
    return replace(rendered, message=message)
