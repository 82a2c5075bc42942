"""Every problem that a test's client is answered with is one that the OpenAPI document names for that operation."""

import json
import re
from functools import cache

import httpx2
from anyio.from_thread import BlockingPortal
from starlette.testclient import TestClient

from bot.rest.application import openapi_document
from bot.rest.problem import MEDIA_TYPE
from core.error_codes import ErrorCode

OF_NO_OPERATION = frozenset({ErrorCode.ROUTE_NOT_FOUND, ErrorCode.METHOD_NOT_ALLOWED})


def watched(client: TestClient, portal: BlockingPortal) -> TestClient:
    """The client, which from now on fails a test that is answered with what the document does not name.

    The application runs in the portal's event loop: a client's own is a new thread for each request.
    """
    client.portal = portal
    client.event_hooks["response"].append(check_documented)
    return client


def check_documented(answer: httpx2.Response) -> None:
    if answer.headers.get("Content-Type") != MEDIA_TYPE:
        return
    code = json.loads(answer.read())["code"]
    operation = f"{answer.request.method} {answer.request.url.path}"
    named = [codes for pattern, codes in documented() if pattern.fullmatch(operation)]
    assert code in OF_NO_OPERATION or not named or code in named[0], (
        f"{operation} answered {code}: name it in bot/rest/problem_responses.py"
    )


@cache
def documented() -> list[tuple[re.Pattern[str], frozenset[str]]]:
    """The operations, those without parameters in their path first, and the codes of each."""
    paths = openapi_document()["paths"]
    return [
        (re.compile(f"{method.upper()} " + re.sub(r"\{\w+\}", "[^/]+", path)), _codes(operation["responses"]))
        for path in sorted(paths, key=lambda path: path.count("{"))
        for method, operation in paths[path].items()
    ]


def _codes(responses: dict[str, dict[str, object]]) -> frozenset[str]:
    return frozenset(
        re.findall(r"`(\w+)`:", " ".join(str(each["description"]) for each in responses.values()))
    )
