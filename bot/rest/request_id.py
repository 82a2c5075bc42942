"""Every request has an id: it is in the log lines of the request, in its answer, and in an error's text."""

import re
import secrets

from starlette.datastructures import Headers
from starlette.types import Scope

HEADER = "X-Request-Id"
STATE = "request_id"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")  # what a proxy before us may have chosen


def request_id_of(scope: Scope) -> str:
    """The request's id: as its header says, or a new one, which it keeps from then on."""
    state = scope.setdefault("state", {})
    if STATE not in state:
        given = Headers(scope=scope).get(HEADER, "")
        state[STATE] = given if GIVEN.fullmatch(given) else f"req_{secrets.token_hex(8)}"
    return str(state[STATE])
