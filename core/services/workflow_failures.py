"""When a workflow fails: its incident's channel is told, and who wrote that version of it."""

import re

from sqlalchemy import select

from core.service import Work
from core.services import notices
from core.services.notices import NewNotice, NoticeKind
from core.services.shelves import WRITES
from core.statuses import Status
from core.tables import Incident, JsonObject, WorkflowExecution, WorkflowVersion

SLACK_USER = re.compile(
    r"[UW][A-Z0-9]{1,63}"
)  # an operator at a terminal, or the system, cannot be written to


def tell_failure(work: Work, row: WorkflowExecution, status: Status, error: str) -> None:
    """Owe both messages. `error`: what went wrong, with the action where one did."""
    how = "ran out of time" if status is Status.TIMED_OUT else "failed"
    name = f"*{row.workflow_name}* v{row.workflow_version} ({row.id})"
    _owe(work, row, "failed", f":warning: Workflow {name} {how}. {error}", channel=None)
    author = _author(work, row)
    if author is not None:
        incident = work.session.get_one(Incident, row.incident_id)
        where = f"for inc-{incident.number}, _{incident.title}_"
        _owe(work, row, "author", f":warning: Your workflow {name} {how} {where}. {error}", channel=author)


def _author(work: Work, row: WorkflowExecution) -> str | None:
    """The Slack user who wrote the version that ran; None where no such person did."""
    version = select(WorkflowVersion.changed_by).where(
        WorkflowVersion.owner_id == row.workflow_id,
        WorkflowVersion.version == row.workflow_version,
        WorkflowVersion.change.in_(WRITES),
    )
    author = work.session.scalar(version)
    return author if author is not None and SLACK_USER.fullmatch(author) else None


def _owe(work: Work, row: WorkflowExecution, key: str, text: str, *, channel: str | None) -> None:
    content: JsonObject = {"text": text}
    new = NewNotice(NoticeKind.MESSAGE, row.id, row.incident_id, key=key, channel=channel, content=content)
    notices.owe(work, new)
