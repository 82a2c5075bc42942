"""The audit trail: a row for each deed, in the deed's own transaction."""

from collections.abc import Mapping

from core.decisions.people import Person
from core.service import Work
from core.tables import AuditEntry


def record(
    work: Work, person: Person, action: str, subject_id: str, details: Mapping[str, object] | None = None
) -> None:
    """`action` is a past-tense name such as `runbook_execution.requested`; `details` is JSON, secrets masked."""
    work.session.add(
        AuditEntry(
            created_at=work.now,
            actor=person.slack_user_id,
            source=person.source,
            action=action,
            subject_id=subject_id,
            details=dict(details or {}),
        )
    )
