"""`runbook`: the command line."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.apply import OPERATOR, apply_files
from cli.compose import Composition, reachable
from cli.demo.run import run_demo, run_headless
from cli.embedded import EmbeddedServiceError
from cli.processes import PROCESSES, quiet_logging, stopping
from cli.up import migrate as migrate_database
from cli.up import run_up
from core.definitions.validate import validate_files
from core.errors import DefinitionError, RunbookError
from core.services.tokens import create_token
from core.settings import Settings

app = typer.Typer(
    name="runbook", help="Runbook automation in Slack.", no_args_is_help=True, add_completion=False
)
token_app = typer.Typer(help="Bearer tokens for the REST API.", no_args_is_help=True)
app.add_typer(token_app, name="token")

Paths = Annotated[list[Path], typer.Argument(help="YAML or JSON files, or folders of them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


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


@app.command()
def validate(paths: Paths, as_json: AsJson = False) -> None:
    """Check definitions; every problem with file, line and column."""
    definitions, problems = validate_files(paths)
    if as_json:
        shown = [
            {"file": p.file, "line": p.line, "column": p.column, "message": p.message, "hint": p.hint}
            for p in problems
        ]
        typer.echo(json.dumps({"definitions": [each.name for each in definitions], "problems": shown}))
    elif problems:
        typer.echo("\n".join(map(str, problems)), err=True)
    else:
        typer.echo(f"{len(definitions)} definitions, no problem.")
    raise typer.Exit(1 if problems else 0)


@app.command()
def apply(
    paths: Paths,
    approve: Annotated[bool, typer.Option(help="Approve the runbooks as an operator.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write definitions into the library: all of them, or, if one is wrong, none."""
    with reachable(_settings()) as settings, Composition.of(settings) as composition:
        applied = apply_files(composition.service, paths, approve=approve)
    if as_json:
        typer.echo(json.dumps({"applied": [each.__dict__ for each in applied]}))
        return
    for each in applied:
        version = f" version {each.version}" if each.version else ""
        typer.echo(f"{each.kind} {each.name}{version} {each.status}".rstrip())


@token_app.command("create")
def token_create(
    user: Annotated[str, typer.Option(help="Slack id of the person the token speaks for.")],
    name: Annotated[str, typer.Option(help="What the token is for.")],
) -> None:
    """A new token; it is printed alone on the last line, this once."""
    with (
        reachable(_settings()) as settings,
        Composition.of(settings) as composition,
        composition.service.transaction() as work,
    ):
        token = create_token(work, OPERATOR, user, name)
    typer.echo(token)


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
