"""Opaque identifiers of rows and requests: a prefix for the kind, and enough random bits to be unique.

The request id is bound when a request arrives, and is stored with everything it causes and in every log line. A run
that a workflow starts has the request id of the event that started the workflow.
"""

import hashlib
import secrets
from enum import StrEnum

import structlog

ALPHABET = (
    "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, which leaves out letters that look like others
)
LENGTH = 16  # 80 bits


class Prefix(StrEnum):
    INCIDENT = "inc"
    RUNBOOK = "rbk"
    RUNBOOK_EXECUTION = "rbx"
    WORKFLOW = "wfl"
    WORKFLOW_EXECUTION = "wfx"
    APPROVAL = "apr"
    INPUT = "inp"
    TEAM = "tea"
    TOKEN = "tok"
    NOTICE = "ntc"
    EVENT = "evt"
    FREEZE = "frz"
    SECRET = "sec"


def new_id(prefix: Prefix) -> str:
    """Return a new identifier such as `rbx_7h2k9m4qpt0s8v3w`."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"


def derived_id(prefix: Prefix, *parts: str) -> str:
    """Return the same identifier for the same parts.

    For rows that follow from existing ones: if a copy of the database is restored, they are created again and found by
    the same identifier. It is as opaque as its parts, one of which is a random identifier.
    """
    number = int.from_bytes(hashlib.sha256("\0".join((prefix, *parts)).encode()).digest())
    return f"{prefix}_{''.join(ALPHABET[(number >> 5 * place) & 31] for place in range(LENGTH))}"


REQUEST_ID = "request_id"


def current_request_id() -> str | None:
    """Return the request id; None if there was no request, for example for work that the clock starts."""
    found = structlog.contextvars.get_contextvars().get(REQUEST_ID)
    return str(found) if found else None
