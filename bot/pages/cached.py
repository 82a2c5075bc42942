"""A page without a token that makes the database work: however often it is asked for, that is once a second."""

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


def cached(ask: Callable[[], Answer], now: Callable[[], float] = elapsed) -> Page:
    """The page of what `ask` answers, which blocks. Its answer is every request's for KEPT seconds from when it came.

    Who comes while it is being asked waits for that answer, and holds no thread. `now`: see core.clock.elapsed.
    """
    asking = asyncio.Lock()
    last: tuple[float, Answer] | None = None

    async def page(_request: Request) -> Response:
        nonlocal last
        async with asking:
            if last is None or now() - last[0] >= KEPT:
                answer = await run_in_threadpool(ask)
                last = now(), answer
            text, status, media_type = last[1]
        return PlainTextResponse(text, status, media_type=media_type)

    return page
