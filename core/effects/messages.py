"""Slack messages of steps and actions: a notice, enqueued in the transaction that records the step."""

from core.definitions.templates import render_text
from core.execution.preparation import Context, Inside, Prepared
from core.services.access.workspace import check_posts_to
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.tables import Incident
from core.unit_of_work import UnitOfWork
from core.values.execution import Json, StepResult, Succeeded


def prepare_message(text: str, channel: str | None, context: Context) -> Prepared:
    """Return the message, ready to be enqueued. `channel`: a Slack channel id template; None for the incident's."""
    said = context.masker.mask(render_text(text, context.shown_scope, ("text",)))
    to = render_text(channel, context.shown_scope, ("channel",)) if channel else None
    shown: Json = {"text": said, "channel": to} if to else {"text": said}
    return Inside(lambda work: _enqueue(work, said, to, context), shown, Succeeded({"text": said}))


def _enqueue(work: UnitOfWork, text: str, channel: str | None, context: Context) -> StepResult:
    """Enqueue the message. Raises NotAllowed for a channel that is neither the incident's nor its team's."""
    if channel is not None:
        check_posts_to(work, work.session.get_one(Incident, context.incident_id), channel)
    notices.enqueue_notice(
        work,
        NewNotice(
            NoticeKind.MESSAGE,
            context.execution_id,
            context.incident_id,
            key=context.key,
            channel=channel,
            content={"text": text},
        ),
    )
    return Succeeded({"text": text})
