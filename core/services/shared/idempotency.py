"""Doing each request once: request keys, and the answers that are kept for them.

Request keys: one delivery (a command, a click, a request) does its deed once, however often it arrives.

Answers kept under the key of the request that got them, so that a repeated request gets the same one.

The answer is written in the transaction of the deed: both are there, or neither. What is refused did nothing,
so it is not kept: the same request is judged anew.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete

from core.advisory_locks import Seed, wait_for
from core.errors import IdempotencyKeyReused
from core.tables import IdempotentAnswer, JsonObject
from core.unit_of_work import UnitOfWork


def serialize_on_key(work: UnitOfWork, request_key: str) -> None:
    """Wait until no other transaction works for this key. What it did is then there to be found.

    Without this, two that arrive at once would both look, find nothing, and both write.
    """
    wait_for(work.session, Seed.REQUEST, request_key)


KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class RequestIdentity:
    """One request: `key` is the client's name for it, `fingerprint` a digest of what it asks."""

    token_id: str
    key: str
    fingerprint: str


def recall(work: UnitOfWork, request: RequestIdentity) -> tuple[int, JsonObject] | None:
    """The status code and body that the request got before; None for the first of its key.

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
            hint="Choose a new key for each new request.",
            field="Idempotency-Key",
        )
    return known.status_code, known.body


def keep(work: UnitOfWork, request: RequestIdentity, status_code: int, body: JsonObject) -> None:
    """Keep the answer of a request that `recall` did not know."""
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
    """Delete the answers that are older than a day: nobody repeats a request that late."""
    work.session.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created_at < work.now - KEPT))
