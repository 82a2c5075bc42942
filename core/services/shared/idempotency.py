"""Idempotency: a request takes effect once, however often it is delivered, and gets the same response each time.

The response is stored in the transaction of the change, so either both exist or neither does. A refused request changed
nothing, so its response is not stored and a repetition is judged again.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete

from core.advisory_locks import Seed, wait_for
from core.errors import IdempotencyKeyReused
from core.tables import IdempotentAnswer, JsonObject
from core.unit_of_work import UnitOfWork


def serialize_on_key(work: UnitOfWork, request_key: str) -> None:
    """Wait until no other transaction works on this key; its result can then be found.

    Without this, two requests that arrive at the same time would both find nothing and both write.
    """
    wait_for(work.session, Seed.REQUEST, request_key)


KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class RequestIdentity:
    """Identifies a request. `key`: the client's Idempotency-Key; `fingerprint`: a digest of the request."""

    token_id: str
    key: str
    fingerprint: str


def recall(work: UnitOfWork, request: RequestIdentity) -> tuple[int, JsonObject] | None:
    """Return the status code and body that the request got before, or None for the first request with its key.

    A second request with the key waits here until the first has ended. Raises IdempotencyKeyReused if the key was used
    for another request.
    """
    wait_for(work.session, Seed.IDEMPOTENCY, f"{request.token_id} {request.key}")
    known = work.session.get(IdempotentAnswer, (request.token_id, request.key))
    if known is None:
        return None
    if known.fingerprint != request.fingerprint:
        raise IdempotencyKeyReused(
            f"The Idempotency-Key {request.key} was already used for another request.",
            hint="Use a new key for each new request.",
            field="Idempotency-Key",
        )
    return known.status_code, known.body


def keep(work: UnitOfWork, request: RequestIdentity, status_code: int, body: JsonObject) -> None:
    """Store the response of a request for which `recall` returned None."""
    work.session.add(
        IdempotentAnswer(
            token_id=request.token_id,
            key=request.key,
            fingerprint=request.fingerprint,
            status_code=status_code,
            body=body,
            created_at=work.now,
        )
    )


def forget_old(work: UnitOfWork) -> None:
    """Delete responses older than a day; nobody repeats a request that late."""
    work.session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created_at < work.now - KEPT))
