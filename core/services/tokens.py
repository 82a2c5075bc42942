"""Bearer tokens: who carries one speaks for a person."""

import hashlib
import secrets

from sqlalchemy import select

from core.decisions.people import Person
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
    audit.record(work, operator, "token.created", row.id, {"for": slack_user_id, "name": name})
    return token


def authenticate(work: Work, token: str, *, source: str) -> tuple[Person, ApiToken] | None:
    """Who the token speaks for, and the token's row; None for a token that is unknown or revoked."""
    query = select(ApiToken).where(ApiToken.digest == _digest(token), ApiToken.revoked_at.is_(None))
    row = work.session.scalar(query)
    return (load_person(work, row.slack_user_id, source=source), row) if row else None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
