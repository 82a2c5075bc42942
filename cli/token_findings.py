"""What the doctor finds of tokens: those that were narrowed, and those that end soon."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from cli.findings import Finding
from cli.tokens import narrowed_notice
from core.service import Service
from core.services.access.tokens import expiring_tokens, narrowed_tokens
from core.tables import ApiToken

SOON = timedelta(days=14)


def tokens(service: Service) -> Iterator[Finding]:
    """One finding; none where the database is away, or not migrated yet, which another finding says."""
    try:
        with service.transaction() as work:
            narrowed, ending = narrowed_tokens(work), expiring_tokens(work, SOON)
    except SQLAlchemyError:
        return
    said = [narrowed_notice(len(narrowed))] if narrowed else []
    said += [f"{_named(row)} ends on {row.expires_at:%Y-%m-%d}." for row in ending]
    hint = "`runbook token create` makes another in time." if ending else ""
    yield Finding("tokens", True, " ".join(said) or "None was narrowed, and none ends soon.", hint)


def _named(row: ApiToken) -> str:
    return f"{row.id} ({row.name}, {row.slack_user_id})"
