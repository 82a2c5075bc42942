"""Waiting for a run: looks at it every now and then, without holding a thread or a connection in between."""

import time
from collections import Counter
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from starlette.concurrency import run_in_threadpool

from bot.agents.arguments import Wait
from core.decisions.people import Person
from core.errors import TooMany
from core.services.runs.finding import find_execution
from core.statuses import Status
from core.unit_of_work import UnitOfWorkFactory

EVERY = 1.0  # seconds
MOST_WAITING = 100  # calls at once, in this process
MOST_OF_AGENT = 10  # of one agent, as many as it may have proposals that are not over


class Waiting:
    """Counts who waits: each wait costs a look a second."""

    def __init__(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._unit_of_work = unit_of_work
        self._waits: Counter[str] = Counter()

    async def wait(self, context: ServerRequestContext[Any, Any], agent: Person, given: Wait) -> None:
        """Return when the run is over, or the time is. Raises NotFound, and TooMany if too many wait already."""
        own = self._waits[agent.slack_user_id]
        if own >= MOST_OF_AGENT:
            raise TooMany(
                f"You wait for {own} runs already.",
                hint="Use show_run, or try again in 30 s.",
                retry_after=30,
            )
        if self._waits.total() >= MOST_WAITING:
            raise TooMany(
                "Too many agents are waiting.", hint="Use show_run, or try again in 30 s.", retry_after=30
            )
        self._waits[agent.slack_user_id] += 1
        try:
            await self._watch(context, agent, given)
        finally:
            self._waits[agent.slack_user_id] -= 1
            self._waits += Counter()  # drops those whose count is zero

    async def _watch(self, context: ServerRequestContext[Any, Any], agent: Person, given: Wait) -> None:
        began, known, changes = time.monotonic(), "", 0
        while True:
            state, is_over = await run_in_threadpool(self._look, agent, given.run)
            if state != known:
                known, changes = state, changes + 1
                await context.session.report_progress(changes, message=state)
            if is_over or time.monotonic() - began + EVERY > given.seconds:
                return
            await anyio.sleep(EVERY)

    def _look(self, agent: Person, run: str) -> tuple[str, bool]:
        """Return the run's state in our own words, and whether it is over."""
        with self._unit_of_work.begin() as work:
            row = find_execution(work, agent, run)
            waits = f", for {row.waiting_for}" if row.waiting_for else ""
            return f"{row.status}{waits}", Status(row.status).is_final
