"""The `runbook` command line: its commands, and the boundary that turns errors into sentences."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.environment import environment, seclude
from cli.lazy import Lazy, LazyGroup
from cli.log_setup import masker_of_environment, set_up_logging
from cli.operator_errors import sentence_of, unforeseen_text
from cli.version import release


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
