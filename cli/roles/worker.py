"""`runbook worker`."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

import typer

from cli.compose import Composition
from cli.confinement import process_runner
from cli.environment import environment
from cli.own_services import own_services
from cli.processes import run, stopping
from cli.secret_ways import worker_secrets
from cli.settled import Frozen
from cli.supervisor import Supervisor, addresses, command
from core.definitions.kinds import build_models
from core.execution.executor import Executor
from core.execution.preparation import Ports
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller
from workers import jobs
from workers.fallback_poller import FallbackPoller
from workers.shutdown import Shutdown
from workers.worker import work, worker_name

USUAL, MOST = 4, 64  # runs at once: most of the time a run waits for others

app = typer.Typer()


Concurrency = Annotated[
    int,
    typer.Option(
        "--concurrency",
        min=1,
        max=MOST,
        envvar="RUNBOOK_CONCURRENCY",
        help="Runs at once, each in a process of its own.",
    ),
]


@app.command()
def worker(concurrency: Concurrency = USUAL, frozen: Frozen = False) -> None:
    """Run runbooks and workflows."""
    if concurrency == 1:
        run("worker", _work, check=_check, frozen=frozen)
    else:
        run(
            f"worker of {concurrency}",
            partial(_supervise, concurrency),
            check=_check,
            frozen=frozen,
            gives_signs=False,
        )


def _check(composition: Composition) -> None:
    """Raises ConfigurationError for what a worker may not do on this machine, before anything is waited for.

    Also for a mistake in the file of a type: the processes that it starts would end with it again and again.
    """
    build_models()
    executor_of(composition, environment())


def _supervise(concurrency: int, composition: Composition) -> None:
    """Processes, each a worker with one run in its hands: who is lost takes no other's run along.

    A process that ends is started again. Told to stop, each hands over what it holds.
    """
    alone = ["worker", "--concurrency", "1"]
    known = addresses(composition.settings)
    parts = [command(f"worker-{number}", alone, known) for number in range(1, concurrency + 1)]
    stop = stopping()
    with Supervisor(parts) as supervisor:
        supervisor.watch(stop)


def _work(composition: Composition) -> None:
    executor = executor_of(composition, environment())
    build_models()
    jobs.use(executor)
    assert composition.settings.redis_url is not None
    shutdown = Shutdown(executor.stopping, executor.hurry)
    work(composition.settings.redis_url, shutdown, FallbackPoller(composition.unit_of_work, executor).look)


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
    return Executor(composition.unit_of_work, ports, worker_name())
