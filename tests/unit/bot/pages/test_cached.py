"""A page that is asked for by many at once."""

import asyncio
import threading

from starlette.requests import Request

from bot.pages.cached import Answer, cached


def test_who_comes_while_it_is_asked_waits_for_that_answer() -> None:
    asked, may_answer = [], threading.Event()

    def ask() -> Answer:
        asked.append(threading.current_thread().name)
        may_answer.wait(30)
        return Answer("here")

    async def everybody() -> list[bytes]:
        page = cached(ask, lambda: 0.0)
        tasks = [asyncio.create_task(_text(page(Request({"type": "http"})))) for _ in range(100)]
        while not asked:
            await asyncio.sleep(0.001)
        may_answer.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(everybody()) == [b"here"] * 100
    assert len(asked) == 1


async def _text(page: object) -> bytes:
    answer = await page  # type: ignore[misc]  # a page's answer
    return bytes(answer.body)
