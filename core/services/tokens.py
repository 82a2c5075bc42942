"""Bearer tokens: who carries one speaks for a person."""

import hashlib
import secrets
from dataclasses import replace

from sqlalchemy import select

from core.decisions.people import Person
from core.errors import Conflict, NotFound
from core.identifiers import Prefix, new_id
from core.service import Work
from core.services import audit
from core.services.people import load_person
from core.tables import ApiToken

PREFIX = "rbt_"


def create_token(work: Work, operator: Person, slack_user_id: str, name: str) -> str:
    """A new token for a person. It is shown this once; only its digest is kept."""
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        id=new_id(Prefix.TOKEN),
        digest=_digest(token),
        name=name,
        slack_user_id=slack_user_id,
        created_at=work.now,
    )
    work.session.add(row)
    after = {"for": slack_user_id, "name": name}
    audit.record(work, operator, "token.created", row.id, {"before": None, "after": after})
    return token


def list_tokens(work: Work) -> list[ApiToken]:
    """Newest first, those that are revoked too. The tokens themselves are nowhere."""
    return list(work.session.scalars(select(ApiToken).order_by(ApiToken.created_at.desc(), ApiToken.id)))


def revoke_token(work: Work, operator: Person, token_id: str) -> ApiToken:
    """From now on it speaks for nobody. Raises NotFound, and Conflict for one that is revoked."""
    row = work.session.get(ApiToken, token_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no token {token_id}.", hint="`runbook token list` shows their ids.")
    if row.revoked_at is not None:
        raise Conflict(f"{token_id} was revoked on {row.revoked_at:%Y-%m-%d at %H:%M} UTC.")
    row.revoked_at = work.now
    seen = {"for": row.slack_user_id, "name": row.name}
    details = {"before": {**seen, "revoked": False}, "after": {**seen, "revoked": True}}
    audit.record(work, operator, "token.revoked", row.id, details)
    return row


def authenticate(work: Work, token: str, *, source: str) -> tuple[Person, ApiToken] | None:
    """Who the token speaks for, and the token's row; None for a token that is unknown or revoked."""
    query = select(ApiToken).where(ApiToken.digest == _digest(token), ApiToken.revoked_at.is_(None))
    row = work.session.scalar(query)
    if row is None:
        return None
    return replace(load_person(work, row.slack_user_id, source=source), token_id=row.id), row


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
