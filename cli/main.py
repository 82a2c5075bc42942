"""The `runbook` command line: its commands, and the boundary that turns errors into sentences."""

import gc
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from cli.environment import seclude
from cli.lazy import Lazy, LazyGroup, later

begin_logging = later("cli.boundary", "begin_logging")
said_of = later("cli.boundary", "said_of")
release = later("cli.version", "release")


class Commands(LazyGroup):
    """All commands, in the order of the help."""

    lazy = {
        "web": Lazy("cli.roles.web", "Serve Slack over HTTP, the REST API and the pages."),
        "socket": Lazy(
            "cli.roles.socket", "Serve Slack over Socket Mode, for deployments without a public address."
        ),
        "poster": Lazy("cli.roles.poster", "Post to Slack, and keep its messages in line with the database."),
        "worker": Lazy("cli.roles.worker", "Run runbooks and workflows."),
        "clock": Lazy("cli.roles.clock", "Run the scheduler, which starts everything that is due."),
        "up": Lazy("cli.up", "Run every process in one terminal."),
        "demo": Lazy("cli.demo.command", "Run the whole product on this machine, with a Slack sandbox."),
        "migrate": Lazy("cli.migrate", "Migrate the database to the newest schema."),
        "restored": Lazy(
            "cli.restored",
            "Declare that the database was restored from a backup: freeze everything, and ask about steps in doubt.",
        ),
        "prune": Lazy(
            "cli.prune",
            "Show which executions are old enough to be deleted, and with --delete delete them.",
        ),
        "validate": Lazy(
            "cli.validate", "Check definitions, and report each problem with its file, line and column."
        ),
        "apply": Lazy(
            "cli.definitions", "Apply definitions to the library: all of them, or none if one is invalid."
        ),
        "token": Lazy("cli.tokens", "Bearer tokens for the REST API."),
        "secrets": Lazy("cli.secrets", "Declarations of secrets."),
        "audit": Lazy("cli.audit", "The audit trail: who did what, when and from where."),
        "policy": Lazy(
            "cli.policy",
            "Show who may do what: each action, the scope that a token needs, and which role may do it where.",
        ),
        "test": Lazy(
            "cli.run_tests", "Run the tests of runbooks as simulations; no external system is contacted."
        ),
        "schema": Lazy("cli.schema", "Print the JSON Schema of a kind of definition."),
        "reference": Lazy(
            "cli.reference.pages",
            "Write the reference pages, generated from the registered types and commands.",
        ),
        "list": Lazy("cli.client.library", "List the runbooks (or workflows) that you may see."),
        "show": Lazy(
            "cli.client.library",
            "Show a runbook (or workflow), and its changes since the approved version.",
        ),
        "export": Lazy(
            "cli.client.export",
            "Print runbooks and workflows as YAML; applying the output again changes nothing.",
        ),
        "run": Lazy(
            "cli.client.runs",
            "Run a runbook for an incident. Exit status with --wait: 0 succeeded, 1 failed, 3 cancelled, 4 timed out.",
        ),
        "status": Lazy(
            "cli.client.runs",
            "Show a run (exit status 1 failed, 3 cancelled, 4 timed out), the runs of an incident, or all active runs.",
        ),
        "cancel": Lazy("cli.client.runs", "Cancel a run: no further step starts."),
        "retry": Lazy(
            "cli.client.runs",
            "Retry a failed run: a new run resumes at the first step that did not succeed.",
        ),
        "approve": Lazy(
            "cli.client.approvals",
            "Approve a step that a run waits at, or a definition that you have read.",
        ),
        "reject": Lazy("cli.client.approvals", "Reject an approval: the run that waits for it ends."),
        "verdict": Lazy(
            "cli.client.verdicts",
            "Give the verdict on a step in doubt: it ran, did_not_run, or should run_again.",
        ),
        "answer": Lazy(
            "cli.client.inputs",
            "Enter the values that a run asks for. Those that are left out get their defaults.",
        ),
        "freeze": Lazy(
            "cli.client.freezes",
            "Start nothing new, and hold each run before its next step. Without a reason, list what is frozen.",
        ),
        "thaw": Lazy("cli.client.freezes", "End a freeze: held runs continue."),
        "incident": Lazy(
            "cli.client.incidents",
            "Incidents: open, list, show, export, ack, resolve, close, escalate, note.",
        ),
        "doctor": Lazy(
            "cli.doctor", "Check the settings, the database, Redis, Slack, and what steps may do."
        ),
        "mcp": Lazy(
            "cli.agents.command",
            "Connect an agent to the service: a Model Context Protocol server on standard input and output.",
        ),
        "manifest": Lazy(
            "cli.manifest",
            'Print the manifest of the Slack app, to paste it at api.slack.com/apps under "Create New App".',
        ),
    }


app = typer.Typer(
    name="runbook",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,  # importing rich takes longer than all the rest of the list of commands
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
    gc.disable()  # while the command is imported: collections would take a sixth of the time, and find nothing
    seclude()
    command_line(begin_logging)


def command_line(first: Callable[[], object] | None = None) -> None:
    """Run the command. Expected errors end in a sentence and exit status 1; wrong usage in exit status 2.

    An unexpected error ends in a plain traceback with secrets masked. `first`: called before a command is imported; not
    for the list of commands.
    """
    try:
        app(obj=first)
    except Exception as error:  # noqa: BLE001 the process's boundary
        sys.exit(said_of(error))


if __name__ == "__main__":
    main()
