"""The `runbook worker` command."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

import typer

from cli.compose import Composition
from cli.confinement import process_runner
from cli.environment import environment
from cli.forked import fork_process
from cli.optional_ports import aws_signer, cluster_access, sql_runner, ssh_runner
from cli.own_services import own_services
from cli.processes import run, stopping
from cli.secret_sources import worker_secrets
from cli.startup_checks import Frozen
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

USUAL, MOST = 4, 64  # concurrent runs: most of the time a run waits for something external

app = typer.Typer()


Concurrency = Annotated[
    int,
    typer.Option(
        "--concurrency",
        min=1,
        max=MOST,
        envvar="RUNBOOK_CONCURRENCY",
        help="How many runs at a time, each in its own process.",
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
            supervises=True,
        )


def _check(composition: Composition) -> None:
    """Raise ConfigurationError early if a worker cannot run on this machine.

    This includes errors in the modules of step types, which would otherwise make every child process fail repeatedly.
    """
    build_models()
    executor_of(composition, environment())


def _supervise(concurrency: int, composition: Composition) -> None:
    """Supervise worker processes with one run each, so that losing one process affects one run only.

    A process that ends is restarted. On shutdown each process releases its run for another worker.
    """
    alone = ["worker", "--concurrency", "1"]
    known = addresses(composition.settings)
    parts = [command(f"worker-{number}", alone, known) for number in range(1, concurrency + 1)]
    stop = stopping()
    with Supervisor(parts, fork_process) as supervisor:
        supervisor.watch(stop)


def _work(composition: Composition) -> None:
    executor = executor_of(composition, environment())
    build_models()
    jobs.use(executor)
    assert composition.settings.redis_url is not None
    shutdown = Shutdown(executor.stopping, executor.hurry)
    work(composition.settings.redis_url, shutdown, FallbackPoller(composition.unit_of_work, executor).look)


def executor_of(composition: Composition, environ: Mapping[str, str]) -> Executor:
    """Return the executor with the external access that the settings allow. Raises ConfigurationError."""
    return Executor(composition.unit_of_work, ports_of(composition, environ), worker_name())


def ports_of(composition: Composition, environ: Mapping[str, str]) -> Ports:
    """Return the external access that the settings allow. Raises ConfigurationError."""
    settings = composition.settings
    runner = process_runner(settings, environ) if settings.shell == "on" else None
    egress = EgressPolicy.parse(settings.egress_entries, own_services(settings))
    return Ports(
        HttpCaller(egress),
        runner,
        worker_secrets(composition, environ),
        callbacks=composition.callbacks,
        origins=composition.origins,
        ssh=ssh_runner(egress),
        sql=sql_runner(egress),
        clusters=cluster_access(),
        aws=aws_signer(settings.aws_team_names),
    )
