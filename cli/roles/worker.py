"""`runbook worker`."""

from collections.abc import Mapping

import typer

from cli.compose import Composition
from cli.confinement import process_runner
from cli.environment import environment
from cli.own_services import own_services
from cli.processes import run
from cli.secret_ways import worker_secrets
from cli.settled import Frozen
from core.definitions.kinds import build_models
from core.execution.executor import Executor
from core.execution.preparation import Ports
from core.outside.egress import EgressPolicy
from core.outside.http import HttpCaller
from workers import jobs
from workers.ending import Ending
from workers.lookout import Lookout
from workers.worker import work, worker_name

app = typer.Typer()


@app.command()
def worker(frozen: Frozen = False) -> None:
    """Run runbooks and workflows."""
    run("worker", _work, frozen=frozen)


def _work(composition: Composition) -> None:
    executor = executor_of(composition, environment())
    build_models()
    jobs.use(executor)
    assert composition.settings.redis_url is not None
    ending = Ending(executor.stopping, executor.hurry)
    work(composition.settings.redis_url, ending, Lookout(composition.service, executor).look)


def executor_of(composition: Composition, environ: Mapping[str, str]) -> Executor:
    """The executor, with the ways outside that the settings allow."""
    settings = composition.settings
    runner = process_runner(settings, environ) if settings.shell == "on" else None
    http = HttpCaller(EgressPolicy.parse(settings.egress_entries, own_services(settings)))
    ports = Ports(
        http,
        runner,
        worker_secrets(composition, environ),
        callbacks=composition.callbacks,
        origins=composition.origins,
    )
    return Executor(composition.service, ports, worker_name())
