"""Opaque identifiers of rows, and of requests.

Opaque identifiers: a prefix that names the kind, and enough chance never to meet again.

Which request this is about: bound by whoever takes one, written beside what it causes, and in every log line.

A run that a workflow starts has the request of the event that started the workflow.
"""

import hashlib
import secrets
from enum import StrEnum

import structlog

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letter that reads like another
LENGTH = 16  # 80 bits


class Prefix(StrEnum):
    INCIDENT = "inc"
    RUNBOOK = "rbk"
    RUNBOOK_EXECUTION = "rbx"
    WORKFLOW = "wfl"
    WORKFLOW_EXECUTION = "wfx"
    APPROVAL = "apr"
    TEAM = "tea"
    TOKEN = "tok"
    NOTICE = "ntc"
    EVENT = "evt"
    FREEZE = "frz"
    SECRET = "sec"


def new_id(prefix: Prefix) -> str:
    """A new identifier such as `rbx_7h2k9m4qpt0s8v3w`."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"


def derived_id(prefix: Prefix, *parts: str) -> str:
    """The same identifier for the same parts, whoever makes it and however often.

    For what follows from something that is there already: where a copy of the database is restored, it follows again,
    and by its identifier is found what was said of it before. As opaque as the parts are: one of them is an identifier
    made by chance.
    """
    number = int.from_bytes(hashlib.sha256("\0".join((prefix, *parts)).encode()).digest())
    return f"{prefix}_{''.join(ALPHABET[(number >> 5 * place) & 31] for place in range(LENGTH))}"


REQUEST_ID = "request_id"


def current_request_id() -> str | None:
    """None where nobody asked, as for what the clock starts."""
    found = structlog.contextvars.get_contextvars().get(REQUEST_ID)
    return str(found) if found else None
