"""`runbook`: the command line."""

import sys

import typer

from cli.environment import seclude
from cli.lazy import LazyGroup
from core.errors import DefinitionError, RunbookError


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
        "doctor": "cli.doctor",
    }


app = typer.Typer(
    name="runbook",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it would show local variables, and secrets with them
)


@app.callback()
def runbook() -> None:
    """Runbook automation in Slack."""


def main() -> None:
    """A process of its own: it hides its secrets first."""
    seclude()
    command_line()


def command_line() -> None:
    """The process boundary: our own errors are sentences, exit status 1; wrong usage is 2."""
    try:
        app()
    except DefinitionError as error:
        sys.exit("\n".join(map(str, error.problems)) or str(error))
    except RunbookError as error:
        sys.exit(f"runbook: {error}")


if __name__ == "__main__":
    main()
