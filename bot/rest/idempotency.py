"""`Idempotency-Key`: a POST that is repeated with its key takes effect once, and gets the same response.

The header follows https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/. Unlike there, a second
request that arrives while the first is being handled waits for it and gets its response.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.rest.callers import Caller, CurrentCaller
from core.identifiers import Prefix
from core.services.shared import idempotency
from core.services.shared.idempotency import RequestIdentity
from core.tables import JsonObject
from core.unit_of_work import UnitOfWork

REPLAYED = {"Idempotent-Replayed": "true"}
LOCATIONS = {
    "execution": "/api/runbooks/executions/",
    "workflow_execution": "/api/workflows/executions/",
    "incident": "/api/incidents/",
    "freeze": "/api/freezes/",
    "runbook": "/api/runbooks/",
    "workflow": "/api/workflows/",
}

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Chosen by the client, a new one for each new request. Repeating the request with it has no "
        "second effect.",
    ),
]


@dataclass(frozen=True)
class Post:
    """A POST request, its caller, and its identity if it has an `Idempotency-Key`."""

    caller: Caller
    identity: RequestIdentity | None

    @property
    def request_key(self) -> str | None:
        """The key by which core recognizes this request: unique for the token and the `Idempotency-Key`."""
        return f"rest:{self.identity.token_id}:{self.identity.key}" if self.identity else None

    def once(self, act: Callable[[UnitOfWork], BaseModel], status: HTTPStatus = HTTPStatus.OK) -> Response:
        """Call `act` and return its response; for a repeated request, return the first response without calling it.

        The response is stored in the transaction of `act`. Raises what `act` raises, and InvalidInput for a key that
        was used for another request.
        """

        def recall_or_act(work: UnitOfWork) -> Response:
            known = idempotency.recall(work, self.identity) if self.identity else None
            if known is not None:
                return _response(*known, REPLAYED)
            body = act(work).model_dump(mode="json")
            if self.identity:
                idempotency.keep(work, self.identity, status, body)
            return _response(status, body, {})

        return self.caller.unit_of_work.run(recall_or_act)


async def read_post(request: Request, caller: CurrentCaller, key: IdempotencyKey = None) -> Post:
    """Return the request with its identity. Async, because reading the body is."""
    if key is None:
        return Post(caller, None)
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    fingerprint = fingerprint_of(request.method, asked, await request.body())
    return Post(caller, RequestIdentity(caller.token_id, key, fingerprint))


CurrentPost = Annotated[Post, Depends(read_post)]


def fingerprint_of(method: str, asked: str, body: bytes) -> str:
    """Return the hash that a repeated request must share with the first. `asked`: the path with its query, if any."""
    return hashlib.sha256(f"{method} {asked}\n".encode() + body).hexdigest()


def _response(status: int, body: JsonObject, headers: dict[str, str]) -> Response:
    if status == HTTPStatus.CREATED:
        [(kind, resource)] = body.items()
        is_of_workflow = str(resource.get("id")).startswith(Prefix.WORKFLOW_EXECUTION)
        location = LOCATIONS.get("workflow_execution" if is_of_workflow else kind)
        if location is not None:  # a note has no URL of its own
            headers = headers | {"Location": location + resource["id"]}
    return JSONResponse(body, int(status), headers)
