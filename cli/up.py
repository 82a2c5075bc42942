"""`runbook up`: run every process in one terminal, with embedded services where no address is set."""

import threading
from collections.abc import Mapping
from pathlib import Path

import typer

from cli.compose import Composition, reachable
from cli.environment import environment
from cli.migrate import migrate
from cli.processes import quiet_logging, stopping
from cli.startup_checks import Frozen, begin
from cli.supervisor import Part, Supervisor, addresses, command
from core.settings import Settings

WORKERS = 4  # concurrent runs
OPTIONS = {"worker": ("--concurrency", str(WORKERS))}


app = typer.Typer()


@app.command()
def up(frozen: Frozen = False) -> None:
    """Run every process in one terminal."""
    quiet_logging()
    run_up(Settings.from_environment(environment()), stopping(), frozen=frozen)


def parts(environment: Mapping[str, str], *, socket: bool, logs: Path | None = None) -> list[Part]:
    """Return the processes of the Procfile; `socket` adds Socket Mode. `logs`: a folder for their output."""
    return [
        command(name, [name, *OPTIONS.get(name, ())], environment, logs / f"{name}.log" if logs else None)
        for name in ("web", *(["socket"] if socket else []), "poster", "clock", "worker")
    ]


def run_up(settings: Settings, stop: threading.Event, *, frozen: bool = False) -> None:
    """Run every process until `stop` is set. `frozen`: freeze everything first."""
    settings.need("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET")
    with reachable(settings) as found:
        migrate(found)
        with Composition.of(found) as composition:
            begin(composition.unit_of_work, frozen=frozen)
        with Supervisor(parts(addresses(found), socket=bool(settings.slack_app_token))) as supervisor:
            print(f"runbook is up on http://127.0.0.1:{settings.port}. Press Ctrl-C to stop it.", flush=True)
            supervisor.watch(stop)
