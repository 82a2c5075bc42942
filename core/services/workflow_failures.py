"""Telling that a workflow failed: it acts on its own, so nobody would notice."""

from core.service import Work
from core.services import notices
from core.services.notices import NewNotice, NoticeKind


def tell_failure(work: Work, execution_id: str, incident_id: str, workflow: str, error: str | None) -> None:
    """Owe the incident's channel a message, once for the execution."""
    text = f":warning: Workflow *{workflow}* ({execution_id}) failed. {error or ''}"
    new = NewNotice(NoticeKind.MESSAGE, execution_id, incident_id, key="failed", content={"text": text})
    notices.owe(work, new)
