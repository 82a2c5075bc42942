"""Who waits for runs: nobody keeps the others from it."""

from typing import Any, cast

import anyio
import pytest

from bot.agents.arguments import Wait
from bot.agents.waiting import MOST_OF_AGENT, Waiting
from core.decisions.people import Person
from core.errors import TooMany

GREEDY, OTHER = Person("agent:greedy"), Person("agent:other")


class Endless(Waiting):
    """Waits until it is cancelled; nothing is asked of a database."""

    def __init__(self) -> None:
        super().__init__(cast(Any, None))

    async def _watch(self, context: Any, agent: Person, given: Wait) -> None:
        await anyio.sleep_forever()


def test_one_agent_cannot_take_all_the_places() -> None:
    async def play() -> None:
        waiting, given, context = Endless(), Wait(run="rbx_1"), cast(Any, None)
        async with anyio.create_task_group() as group:
            for _ in range(MOST_OF_AGENT):
                group.start_soon(waiting.wait, context, GREEDY, given)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(TooMany, match="You wait for"):
                await waiting.wait(context, GREEDY, given)
            with anyio.move_on_after(0.05) as waited:
                await waiting.wait(context, OTHER, given)
            assert waited.cancelled_caught
            group.cancel_scope.cancel()
        with anyio.move_on_after(0.05) as again:  # those places are free again
            await waiting.wait(context, GREEDY, given)
        assert again.cancelled_caught

    anyio.run(play)
