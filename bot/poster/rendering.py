"""Rendering a notice: the card for what the database says at this moment."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.cards.detail import detail
from bot.cards.gate import gate
from bot.cards.headline import headline
from bot.cards.incident import incident
from bot.cards.message import Message
from bot.cards.outcome import outcome
from bot.cards.plain import plain
from bot.cards.verdict import verdict
from core.service import Work
from core.services.notices import NoticeKind
from core.services.reading import view_approval, view_execution, view_incident
from core.tables import Approval, Incident, RunbookExecution, WorkflowExecution
from core.views import ExecutionView

from .claims import Claim

TELLS = frozenset({NoticeKind.GATE, NoticeKind.VERDICT, NoticeKind.OUTCOME})  # shown in the channel, too


@dataclass(frozen=True)
class Rendered:
    """What to send; `told`: for the detail thread, how many step attempts are told once this is delivered.

    `message` is None where there is nothing new to say. `part`: which of the notice's messages it is.
    """

    message: Message | None
    part: int = 0
    told: int | None = None


def render(work: Work, claim: Claim, public_url: str) -> Rendered:
    """The card of a claimed notice, with the notice's id in its metadata."""
    if claim.kind is NoticeKind.DETAIL:
        return _detail(work, claim)
    message = _RENDERERS[claim.kind](work, claim, public_url)
    return Rendered(_marked(message, claim, 0))


def _execution(work: Work, execution_id: str) -> ExecutionView:
    return view_execution(work, work.session.get_one(RunbookExecution, execution_id))


def _headline(work: Work, claim: Claim, public_url: str) -> Message:
    return headline(_execution(work, claim.subject_id), now=work.now, public_url=public_url)


def _gate(work: Work, claim: Claim, _public_url: str) -> Message:
    approval = view_approval(work, work.session.get_one(Approval, claim.subject_id))
    return gate(_execution(work, approval.execution_id), approval)


def _verdict(work: Work, claim: Claim, _public_url: str) -> Message:
    return verdict(
        _execution(work, claim.subject_id), int(claim.content["position"]), int(claim.content["attempt"])
    )


def _outcome(work: Work, claim: Claim, _public_url: str) -> Message:
    return outcome(_execution(work, claim.subject_id))


def _incident(work: Work, claim: Claim, _public_url: str) -> Message:
    return incident(view_incident(work.session.get_one(Incident, claim.subject_id)))


def _plain(work: Work, claim: Claim, _public_url: str) -> Message:
    text = str(claim.content["text"])
    caused_by = work.session.get(WorkflowExecution, claim.subject_id)
    if caused_by is not None:
        return plain(text, workflow=caused_by.workflow_name, workflow_execution_id=caused_by.id)
    return plain(text, execution=_execution(work, claim.subject_id))


_RENDERERS: dict[NoticeKind, Callable[[Work, Claim, str], Message]] = {
    NoticeKind.HEADLINE: _headline,
    NoticeKind.GATE: _gate,
    NoticeKind.VERDICT: _verdict,
    NoticeKind.OUTCOME: _outcome,
    NoticeKind.INCIDENT: _incident,
    NoticeKind.MESSAGE: _plain,
}


def _detail(work: Work, claim: Claim) -> Rendered:
    """The steps that ended since the last reply in the thread."""
    execution = _execution(work, claim.subject_id)
    ended = [step for step in execution.steps if step.finished_at is not None and step.output is not None]
    told = int(claim.content.get("told", 0))
    if not ended[told:]:
        return Rendered(None, told=told)
    message = _marked(detail(execution, ended[told:]), claim, told)
    return Rendered(message, told, len(ended))


def _marked(message: Message, claim: Claim, part: int) -> Message:
    """With the notice's id in the metadata: by it, a post of which no answer came is found again."""
    metadata: dict[str, Any] = message.metadata or {"event_type": "runbook_notice", "event_payload": {}}
    payload = {**metadata["event_payload"], "notice_id": claim.notice_id, "part": part}
    return replace(message, metadata={**metadata, "event_payload": payload})
