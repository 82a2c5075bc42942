"""`approve` and `reject`: deciding what a run waits for, or whether a definition may run."""

import sys
from typing import Annotated

import typer

from cli.client.connection import AsJson, Connection, Url, connect, path, print_json
from cli.client.definitions import IsWorkflow, definition_view, print_definition
from cli.client.output import say
from core.errors import InvalidInput
from core.identifiers import Prefix
from core.statuses import ApprovalStatus, GateStatus
from core.views.executions import ApprovalView

app = typer.Typer()

ApprovalId = Annotated[str, typer.Argument(metavar="APPROVAL_ID", help="apr_…; `runbook status` shows it.")]
Digest = Annotated[
    str | None,
    typer.Option(
        "--digest", help="Of what you saw, as `runbook status` shows it: refused if it is another by now."
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the decision.")]
Subject = Annotated[
    str,
    typer.Argument(
        metavar="APPROVAL_ID|NAME", help="apr_… of what a run waits for; or the name of a definition."
    ),
]
Version = Annotated[
    int | None,
    typer.Option("--version", min=1, help="Of the definition: the one that you read. Nothing is asked then."),
]


@app.command()
def approve(
    subject: Subject,
    version: Version = None,
    workflow: IsWorkflow = False,
    reason: Reason = "",
    digest: Digest = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Let the run go on that waits for this approval; or let a definition run, once you read what it says."""
    if subject.startswith(f"{Prefix.APPROVAL}_"):
        _decide(subject, "approve", _body(reason, digest), url, as_json)
    else:
        with connect(url) as connection:
            _approve_definition(connection, subject, version, workflow, reason, as_json)


@app.command()
def reject(
    approval_id: ApprovalId,
    reason: Reason = "",
    digest: Digest = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """End the run that waits for this approval."""
    _decide(approval_id, "reject", _body(reason, digest), url, as_json)


def _body(reason: str, digest: str | None) -> dict[str, str]:
    return {"reason": reason} | ({"digest": digest} if digest else {})


def _decide(approval_id: str, verb: str, body: dict[str, str], url: str, as_json: bool) -> None:
    with connect(url) as connection:
        answer = connection.post(path("approvals", approval_id, verb), body)
    if as_json:
        print_json(answer)
    else:
        say(sentence(ApprovalView.model_validate(answer["approval"])))


def sentence(view: ApprovalView) -> str:
    """What the decision came to."""
    run = f"run {view.execution_id}, step {view.step}"
    if view.status is GateStatus.OPEN:
        approved = sum(decision.approved for decision in view.decisions)
        said = f"Noted: {approved} of {view.count} approvals are there ({run})."
        return f"{said} {view.nobody_left}" if view.nobody_left else said
    return f"It is {view.status.value} ({run})."


def _approve_definition(
    connection: Connection, name: str, version: int | None, workflow: bool, reason: str, as_json: bool
) -> None:
    """Of nothing but the version that was shown, here or before. Raises InvalidInput where none was."""
    kind = "workflow" if workflow else "runbook"
    if version is None:
        version = _read(connection, kind, name, as_json)
    if version is None:
        return
    answer = connection.post(path(f"{kind}s", name, "approve"), {"note": reason}, read_version=version)
    if as_json:
        print_json(answer)
    else:
        view = definition_view(kind, answer[kind])
        say(f"{view.name} v{view.version} is approved and may run.")


def _read(connection: Connection, kind: str, name: str, as_json: bool) -> int | None:
    """Show the newest version, and ask. Returns its number; None where it is approved already, or the answer is no."""
    if as_json or not sys.stdin.isatty():
        sentence = "Nobody is here to read what is approved."
        raise InvalidInput(sentence, hint="Read it (`runbook show`), and name its version: --version N.")
    view = definition_view(kind, connection.get(path(f"{kind}s", name))[kind])
    print_definition(view)
    if view.status is ApprovalStatus.APPROVED:
        say(f"{view.name} v{view.version} is approved already.")
        return None
    say("")
    return view.version if typer.confirm(f"Approve {view.name} v{view.version}?") else None
