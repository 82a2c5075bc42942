"""Measure how soon a slash command is acknowledged, and how soon the run's first step starts."""

from contextlib import ExitStack

from bench.definitions import ONE_STEP
from bench.executions import await_success
from bench.place import Place
from bench.processes import await_workers, running_web, worker_processes
from bench.report import Line, Section, milliseconds, summarize
from bench.slash_command import SlashCommands

WARM_UP = 20


def measure_commands(place: Place, *, acknowledgements: int, runs: int) -> Section:
    """Measure commands. The worker runs only while it is measured: otherwise it would compete for the processor."""
    with ExitStack() as worker:
        worker.enter_context(worker_processes(place, 1))
        with running_web(place), SlashCommands(place) as commands:
            await_workers(place, 1)
            first_steps = _first_steps(place, commands, runs)
            worker.close()
            acknowledged = _acknowledgements(commands, acknowledgements)
            place.redis.close()
            without_redis = _acknowledgements(commands, acknowledgements)
    return Section(
        "Slash command, over HTTP to the web process",
        [
            Line("acknowledged", summarize(milliseconds(acknowledged)), "Slack waits for 3,000"),
            Line("acknowledged while Redis is down", summarize(milliseconds(without_redis))),
            Line("command → first step started", summarize(milliseconds(first_steps)), "database timestamps"),
        ],
    )


def _acknowledgements(commands: SlashCommands, count: int) -> list[float]:
    for _ in range(WARM_UP):
        commands.run(ONE_STEP)
    return [commands.run(ONE_STEP)[1] for _ in range(count)]


def _first_steps(place: Place, commands: SlashCommands, runs: int) -> list[float]:
    """Return the seconds to the first step of runs made one after the other, so that none waits for another."""
    seconds = []
    for number in range(WARM_UP // 2 + runs):
        [ended] = await_success(place, [commands.run(ONE_STEP)[0]])
        if number >= WARM_UP // 2:
            seconds.append(ended.seconds_to_first_step)
    return seconds
