"""`runbook`: the command line."""

import os
import sys
from typing import Annotated

import typer

from cli import audit, definitions, doctor, rehearse, schema, tokens
from cli.client import approvals, export, library, runs
from cli.compose import Composition, reachable
from cli.demo.run import run_demo, run_headless
from cli.embedded import EmbeddedServiceError
from cli.processes import PROCESSES, quiet_logging, stopping
from cli.reference import pages
from cli.up import migrate as migrate_database
from cli.up import run_up
from core.errors import DefinitionError, RunbookError
from core.settings import Settings

app = typer.Typer(
    name="runbook", help="Runbook automation in Slack.", no_args_is_help=True, add_completion=False
)


def _settings() -> Settings:
    return Settings.from_environment(os.environ)


def _run_process(name: str) -> None:
    quiet_logging()
    with reachable(_settings()) as settings, Composition.of(settings) as composition:
        PROCESSES[name](composition, os.environ)


@app.command()
def web() -> None:
    """Slack over HTTP, the REST API and the pages."""
    _run_process("web")


@app.command()
def socket() -> None:
    """Slack over Socket Mode, where there is no public address."""
    _run_process("socket")


@app.command()
def poster() -> None:
    """Bring Slack to the state in the database."""
    _run_process("poster")


@app.command()
def worker() -> None:
    """Run runbooks and workflows."""
    _run_process("worker")


@app.command()
def clock() -> None:
    """Wake what is due."""
    _run_process("clock")


@app.command()
def up() -> None:
    """Everything in one terminal."""
    quiet_logging()
    run_up(_settings(), stopping())


@app.command()
def demo(
    headless: Annotated[bool, typer.Option(help="Play the story without a browser.")] = False,
    refuse_promote: Annotated[bool, typer.Option(help="Let the target refuse the failover.")] = False,
) -> None:
    """The whole product on this machine, against a Slack sandbox."""
    quiet_logging()
    if headless:
        raise typer.Exit(0 if run_headless(_settings(), refuse_promote=refuse_promote) else 1)
    run_demo(_settings(), stopping())


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    with reachable(_settings()) as settings:
        migrate_database(settings)
    typer.echo("The database has the newest schema.")


for theme in (definitions, rehearse, schema, pages, tokens, audit, library, export, runs, approvals, doctor):
    app.add_typer(theme.app)


def main() -> None:
    """The process boundary: our own errors are sentences, exit status 1; wrong usage is 2."""
    try:
        app()
    except DefinitionError as error:
        sys.exit("\n".join(map(str, error.problems)) or str(error))
    except (RunbookError, EmbeddedServiceError) as error:
        sys.exit(f"runbook: {error}")


if __name__ == "__main__":
    main()
