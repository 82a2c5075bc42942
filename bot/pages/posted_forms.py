"""Forms that people send: each carries a key of its own, so a second click gets the answer of the first."""

import re
from collections.abc import Callable
from http import HTTPStatus

from bot.pages.access.readers import TOKEN, Visit
from bot.rest.idempotency import fingerprint_of
from core.error_codes import ErrorCode
from core.errors import InvalidInput, RunbookError
from core.services.shared import idempotency
from core.services.shared.idempotency import RequestIdentity
from core.unit_of_work import UnitOfWork

KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
VERSION = re.compile(r"[0-9]{1,9}")
LONGEST_NOTE = 2_000

# Does it, and returns the path to go on to.
Deed = Callable[[UnitOfWork, Visit], str]


def once(work: UnitOfWork, visit: Visit, deed: Deed) -> str:
    """Do it, and return where to go on; for a form that was sent before, return what came of it then."""
    identity = _identity(visit)
    known = idempotency.recall(work, identity) if identity else None
    if known is not None:
        return str(known[1]["location"])
    location = deed(work, visit)
    if identity:
        idempotency.keep(work, identity, HTTPStatus.SEE_OTHER, {"location": location})
    return location


def _identity(visit: Visit) -> RequestIdentity | None:
    """Return by what the form is known again; None for a program, whose request has no such key."""
    key = visit.fields.get("key", "")
    if not KEY.fullmatch(key):
        return None
    fields = sorted((name, value) for name, value in visit.fields.items() if name != TOKEN)
    asked = fingerprint_of("POST", visit.request.url.path, repr(fields).encode())
    return RequestIdentity(f"page:{visit.person.slack_user_id}", key, asked)


def note_of(visit: Visit) -> str:
    note = visit.fields.get("note", "").replace("\r\n", "\n").strip()
    if "\0" in note or len(note) > LONGEST_NOTE:
        raise InvalidInput(f"The note must be a text of at most {LONGEST_NOTE:,} characters.", field="note")
    return note


def status_of(error: RunbookError) -> HTTPStatus:
    """Return the status of the answer. Raises the error itself if it is none that people are told."""
    code = ErrorCode.named(error.code)
    if code is None or code is ErrorCode.INTERNAL:
        raise error
    return HTTPStatus(code.status)
