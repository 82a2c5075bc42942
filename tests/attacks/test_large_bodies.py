"""Large request bodies, many or slow, do not keep another team's requests out."""

import anyio
import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from bot.pages import guards
from bot.pages.guards import LARGEST_BODY, MOST_OF_ONE, BodyLimit

PART: Message = {"type": "http.request", "body": b"x" * (LARGEST_BODY + 1), "more_body": True}


def scope_of(token: str) -> Scope:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return {"type": "http", "path": "/api/alerts/alertmanager", "headers": headers, "client": ("10.0.0.1", 1)}


class Slow:
    """Sends more than 1 MiB, and then nothing until `released`."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.released = anyio.Event()
        self._limit = BodyLimit(self._read)

    async def _read(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        try:
            while (await receive()).get("more_body"):
                """Read on."""
            self.statuses.append(200)
        except HTTPException as error:
            self.statuses.append(error.status_code)

    async def send(self, token: str) -> None:
        parts = [PART]

        async def receive() -> Message:
            if parts:
                return parts.pop()
            await self.released.wait()
            return {"type": "http.request", "body": b""}

        async def ignore(_message: Message) -> None:
            """Nobody looks."""

        await self._limit(scope_of(token), receive, ignore)


def test_one_senders_large_bodies_leave_room_for_anothers() -> None:
    """Red before: four slow bodies of team web's token, and every large group of team data's alerts was a 503."""

    async def play() -> list[int]:
        slow = Slow()
        async with anyio.create_task_group() as group:
            for _ in range(MOST_OF_ONE + 2):
                group.start_soon(slow.send, "of-web")
            await anyio.sleep(0.05)
            group.start_soon(slow.send, "of-data")
            await anyio.sleep(0.05)
            slow.released.set()
        return slow.statuses

    assert sorted(anyio.run(play)) == [200] * (MOST_OF_ONE + 1) + [503] * 2


def test_a_large_body_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red before: it was waited for as long as it took, and held its place."""
    monkeypatch.setattr(guards, "LARGE_SECONDS", 0.05)

    async def play() -> list[int]:
        slow = Slow()
        await slow.send("of-web")
        slow.released.set()
        await slow.send("of-web")
        return slow.statuses

    assert anyio.run(play) == [408, 200]
