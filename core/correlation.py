"""Which request this is about: bound by whoever takes one, written beside what it causes, and in every log line.

A run that a workflow starts has the request of the event that started the workflow.
"""

import structlog

REQUEST_ID = "request_id"


def current_request_id() -> str | None:
    """None where nobody asked, as for what the clock starts."""
    found = structlog.contextvars.get_contextvars().get(REQUEST_ID)
    return str(found) if found else None
