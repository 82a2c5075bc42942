"""The rows of tokens: what they are known by, whether they are good, and taking them back."""

import hashlib
from collections.abc import Set
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from core.decisions.people import Person
from core.decisions.policy import UNOWNED_SCOPES
from core.service import Work
from core.services import audit
from core.tables import ApiToken


def digest_of(token: str) -> bytes:
    """What of a token is kept."""
    return hashlib.sha256(token.encode()).digest()


def is_good(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions for a token that is neither revoked nor expired."""
    return ApiToken.revoked_at.is_(None), or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)


def told(row: ApiToken) -> dict[str, object]:
    """What the audit trail says of a token."""
    expires = row.expires_at.isoformat(timespec="seconds") if row.expires_at else None
    owned = {"owner": row.owner} if row.owner else {}
    shown = {"for": row.slack_user_id, "name": row.name, "scopes": row.scopes, "team": row.team}
    return {**shown, "expires_at": expires, **owned}


def revoke(work: Work, person: Person, row: ApiToken, why: str = "") -> None:
    """From now on it speaks for nobody. `why`: where nobody asked for it."""
    row.revoked_at = work.now
    seen, reason = told(row), {"why": why} if why else {}
    details = {"before": {**seen, "revoked": False}, "after": {**seen, "revoked": True}, **reason}
    audit.record(work, person, "token.revoked", row.id, details)


def revoke_of_departed(work: Work, person: Person, departed: Set[str]) -> None:
    """Revoke the tokens of people who are nobody any more, and of services that run things on their behalf.

    A service that only reads or sends alerts needs no owner: it goes on.
    """
    if not departed:
        return
    theirs = or_(ApiToken.slack_user_id.in_(departed), ApiToken.owner.in_(departed))
    for row in work.session.scalars(select(ApiToken).where(theirs, *is_good(work.now)).with_for_update()):
        if row.slack_user_id in departed:
            revoke(work, person, row, f"{row.slack_user_id} is in no team any more.")
        elif not UNOWNED_SCOPES.issuperset(row.scopes):
            revoke(work, person, row, f"Its owner {row.owner} is in no team any more.")
