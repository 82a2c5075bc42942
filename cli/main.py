"""The `runbook` command line: its commands, and the boundary that turns errors into sentences."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.environment import environment, seclude
from cli.lazy import LazyGroup
from cli.log_setup import masker_of_environment, set_up_logging
from cli.operator_errors import sentence_of, unforeseen_text
from cli.version import release


class Commands(LazyGroup):
    """All commands, in the order of the help, with the modules that provide them."""

    modules = {
        "web": "cli.roles.web",
        "socket": "cli.roles.socket",
        "poster": "cli.roles.poster",
        "worker": "cli.roles.worker",
        "clock": "cli.roles.clock",
        "up": "cli.up",
        "demo": "cli.demo.command",
        "migrate": "cli.migrate",
        "restored": "cli.restored",
        "validate": "cli.validate",
        "apply": "cli.definitions",
        "token": "cli.tokens",
        "secrets": "cli.secrets",
        "audit": "cli.audit",
        "policy": "cli.policy",
        "test": "cli.run_tests",
        "schema": "cli.schema",
        "reference": "cli.reference.pages",
        "list": "cli.client.library",
        "show": "cli.client.library",
        "export": "cli.client.export",
        "run": "cli.client.runs",
        "status": "cli.client.runs",
        "cancel": "cli.client.runs",
        "retry": "cli.client.runs",
        "approve": "cli.client.approvals",
        "reject": "cli.client.approvals",
        "verdict": "cli.client.verdicts",
        "answer": "cli.client.inputs",
        "freeze": "cli.client.freezes",
        "thaw": "cli.client.freezes",
        "incident": "cli.client.incidents",
        "doctor": "cli.doctor",
        "manifest": "cli.manifest",
    }


app = typer.Typer(
    name="runbook",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would show local variables, and so secrets
)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"runbook {release()}")
        raise typer.Exit


@app.callback()
def runbook(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Runbook automation in Slack."""


def main() -> None:
    """Run the command line as this process: hides secrets first, and logs to standard error."""
    seclude()
    set_up_logging(masker_of_environment(environment()), output=sys.stderr)
    command_line()


def command_line() -> None:
    """Run the command. Expected errors end in a sentence and exit status 1; wrong usage in exit status 2.

    An unexpected error ends in a plain traceback with secrets masked.
    """
    try:
        app()
    except Exception as error:  # noqa: BLE001 the process's boundary
        given = environment()
        home = Path(given.get("RUNBOOK_HOME", "").strip() or ".runbook")
        said = sentence_of(error, home) or unforeseen_text(error)
        sys.exit(masker_of_environment(given).mask(said))


if __name__ == "__main__":
    main()
