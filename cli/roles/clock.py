"""The `runbook clock` command: the scheduler process."""

import time

import typer

from cli.compose import Composition
from cli.processes import run, stopping
from cli.startup_checks import Frozen
from core.definitions.kinds import build_models
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller
from core.services.retention.rules import Retention
from core.settings import Settings
from workers.audit_heads import Destination, HourlyHead, to_file, to_url
from workers.retention import Pruning
from workers.scheduler import run_clock

app = typer.Typer()


@app.command()
def clock(frozen: Frozen = False) -> None:
    """Run the scheduler, which starts everything that is due."""
    run("clock", _tick, check=lambda composition: hourly_head(composition.settings), frozen=frozen)


def _tick(composition: Composition) -> None:
    build_models()  # an incident's age can start a workflow
    settings = composition.settings
    retention = Retention(settings.retention_of("runbook"), settings.retention_of("workflow"))
    seldom = [hourly_head(settings).write_head, Pruning(retention).prune]
    run_clock(composition.unit_of_work, stopping(), seldom)


def hourly_head(settings: Settings) -> HourlyHead:
    """Return the task that saves an audit head every hour.

    Raises ConfigurationError if heads are to be saved but SLACK_SIGNING_SECRET, which signs them, is not set.
    """
    destinations: dict[str, Destination] = {}
    if settings.audit_head_file is not None:
        destinations[str(settings.audit_head_file)] = to_file(settings.audit_head_file)
    if settings.audit_head_url:
        caller = HttpCaller(EgressPolicy.parse(settings.egress_entries))
        destinations["RUNBOOK_AUDIT_HEAD_URL"] = to_url(settings.audit_head_url, caller)
    if destinations:
        settings.need("SLACK_SIGNING_SECRET")
    return HourlyHead(settings.slack_signing_secret, destinations, time.monotonic)
