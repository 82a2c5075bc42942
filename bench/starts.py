"""Measure how soon each process is ready, and its processor time and memory."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import httpx2
from rq import Worker
from rq.worker import WorkerStatus

import examples
from bench.costs import Cost, cost_until_ended, cost_until_ready
from bench.place import Place
from bench.processes import answers
from bench.report import Line, Section, milliseconds, percentile, summarize
from cli.embedded.roles import connect
from slack_sandbox.config import AppConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox

APP = AppConfig(socket_mode=True, request_url=None)
CONNECTED = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
COMMANDS = {
    "validate": ["validate", str(Path(examples.__file__).parent / "definitions")],
    "list, without a service": ["list", "--url", "http://127.0.0.1:9"],
}


def measure_starts(place: Place, *, rounds: int) -> Section:
    """Measure each process in turn, round by round, to share noise equally."""
    place.close_connections()
    with RunningSandbox(WorkspaceConfig(app=APP)) as slack:
        starts = _starts(place, slack)
        costs: dict[str, list[Cost]] = {name: [] for name in starts}
        for number in range(rounds + 1):
            for name, start in starts.items():
                cost = start()
                if number:  # the first round compiles
                    costs[name].append(cost)
    lines = [_line(name, found) for name, found in costs.items()]
    return Section("Start of a process, processor time until it is ready or has ended", lines)


def _starts(place: Place, slack: RunningSandbox) -> dict[str, Callable[[], Cost]]:
    environment = _environment(place, slack)
    roles = {
        role: partial(cost_until_ready, role, environment, is_ready)
        for role, is_ready in _readiness(place, slack).items()
    }
    commands = {
        name: partial(cost_until_ended, arguments, environment) for name, arguments in COMMANDS.items()
    }
    return {**roles, **commands}


def _environment(place: Place, slack: RunningSandbox) -> dict[str, str]:
    """Return the environment for processes; bytecode is cached, as in an installation."""
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(place.folder / "bytecode")}
    return {
        **place.environment,
        **(kept if sys.dont_write_bytecode else {}),
        "SLACK_API_URL": slack.api_url,
        "SLACK_APP_TOKEN": APP.app_token,
        "SLACK_BOT_TOKEN": APP.bot_token,
        "RUNBOOK_TOKEN": "nobody's",
    }


def _readiness(place: Place, slack: RunningSandbox) -> dict[str, Callable[[], bool]]:
    """Return how to tell that each process is ready: it answers, is connected, or is idle and takes jobs."""

    def is_connected() -> bool:
        with connect(place.database_url) as connection:
            row = connection.execute(CONNECTED).fetchone()
        return bool(row and row[0])

    def has_socket() -> bool:
        app = httpx2.post(f"{slack.url}/sandbox/api/app", json={}).json()
        return bool(app["socket_connections"])

    def is_idle() -> bool:
        workers = Worker.all(connection=place.composition.redis)
        return any(worker.state == WorkerStatus.IDLE for worker in workers)

    return {
        "web": lambda: answers(f"http://127.0.0.1:{place.environment['PORT']}/readyz"),
        "socket": has_socket,
        "poster": is_connected,
        "clock": is_connected,
        "worker": is_idle,
    }


def _line(name: str, costs: Sequence[Cost]) -> Line:
    remark = f"{percentile([each.elapsed for each in costs], 0.5):.1f} s elapsed"
    resident = [each.megabytes for each in costs if each.megabytes is not None]
    if resident:
        remark += f", {percentile(resident, 0.5):.0f} MB"
    return Line(name, summarize(milliseconds([each.processor for each in costs])), remark)
