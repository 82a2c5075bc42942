"""`runbook`: the command line."""

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
    """Every command, in the order of the help, and the module that has it."""

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
        "test": "cli.rehearse",
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
        "freeze": "cli.client.freezes",
        "thaw": "cli.client.freezes",
        "incident": "cli.client.incidents",
        "doctor": "cli.doctor",
    }


app = typer.Typer(
    name="runbook",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it would show local variables, and secrets with them
)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"runbook {release()}")
        raise typer.Exit


@app.callback()
def runbook(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Which release this is.")
    ] = False,
) -> None:
    """Runbook automation in Slack."""


def main() -> None:
    """A process of its own: it hides its secrets first. What a command answers has standard output for itself."""
    seclude()
    set_up_logging(masker_of_environment(environment()), output=sys.stderr)
    command_line()


def command_line() -> None:
    """The process boundary: errors that somebody can mend are sentences, exit status 1; wrong usage is 2.

    What nobody foresaw is a plain traceback, with nothing secret in it.
    """
    try:
        app()
    except Exception as error:  # noqa: BLE001 the process' boundary
        given = environment()
        home = Path(given.get("RUNBOOK_HOME", "").strip() or ".runbook")
        said = sentence_of(error, home) or unforeseen_text(error)
        sys.exit(masker_of_environment(given).mask(said))


if __name__ == "__main__":
    main()
