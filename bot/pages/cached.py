"""Cache for pages that query the database and need no token: they query it at most once a second."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.clock import elapsed

KEPT = 1.0  # seconds
Page = Callable[[Request], Awaitable[Response]]


class Answer(NamedTuple):
    text: str | bytes
    status: int = 200
    media_type: str = "text/plain"


def cached(ask: Callable[[], Answer], now: Callable[[], float] = elapsed, kept: float = KEPT) -> Page:
    """Return a page that serves the answer of `ask`, a blocking function, and caches it for `kept` seconds.

    Requests that arrive meanwhile wait for that answer without holding a thread. `now`: see core.clock.elapsed.
    """
    asking = asyncio.Lock()
    last: tuple[float, Answer] | None = None

    async def page(_request: Request) -> Response:
        nonlocal last
        async with asking:
            if last is None or now() - last[0] >= kept:
                answer = await run_in_threadpool(ask)
                last = now(), answer
            text, status, media_type = last[1]
        return PlainTextResponse(text, status, media_type=media_type)

    return page
