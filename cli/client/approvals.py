"""`approve` and `reject`: decide a gate that a run waits at, or approve a definition."""

import sys
from typing import Annotated

import typer

from cli.client.completion import gate_ids, gates_and_definitions
from cli.client.connection import AsJson, Connection, Url, connect, path, print_json
from cli.client.definitions import IsWorkflow, definition_view, print_definition
from cli.client.output import say
from core.errors import InvalidInput
from core.identifiers import Prefix
from core.statuses import ApprovalStatus, GateStatus
from core.views.executions import ApprovalView

app = typer.Typer()

ApprovalId = Annotated[
    str,
    typer.Argument(
        metavar="APPROVAL_ID",
        help="The approval's id, apr_…; `runbook status` shows it.",
        autocompletion=gate_ids,
    ),
]
Digest = Annotated[
    str | None,
    typer.Option(
        "--digest",
        help="Digest of what you reviewed, from `runbook status`; refused if the content has changed since.",
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="The reason; recorded with the decision.")]
Subject = Annotated[
    str,
    typer.Argument(
        metavar="APPROVAL_ID|NAME",
        help="The id (apr_…) of an approval, or the name of a definition.",
        autocompletion=gates_and_definitions,
    ),
]
Version = Annotated[
    int | None,
    typer.Option("--version", min=1, help="The version of the definition that you read; skips the prompt."),
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
    """Approve a step that a run waits at, or a definition that you have read."""
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
    """Reject an approval: the run that waits for it ends."""
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
    """Return the state of the gate after the decision, in words."""
    run = f"run {view.execution_id}, step {view.step}"
    if view.status is GateStatus.OPEN:
        approved = sum(decision.approved for decision in view.decisions)
        said = f"Recorded: {approved} of {view.count} approvals ({run})."
        return f"{said} {view.nobody_left}" if view.nobody_left else said
    return f"{view.status.value.capitalize()} ({run})."


def _approve_definition(
    connection: Connection, name: str, version: int | None, workflow: bool, reason: str, as_json: bool
) -> None:
    """Approve only the version that was read, now or before. Raises InvalidInput if nobody can have read one."""
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
        say(f"Approved {view.name} v{view.version}; it may run now.")


def _read(connection: Connection, kind: str, name: str, as_json: bool) -> int | None:
    """Show the newest version and ask. Returns its number, or None if it is already approved or the answer is no."""
    if as_json or not sys.stdin.isatty():
        sentence = "The definition cannot be shown for review: this is not an interactive terminal."
        raise InvalidInput(sentence, hint="Read it with `runbook show`, then pass its version: --version N.")
    view = definition_view(kind, connection.get(path(f"{kind}s", name))[kind])
    print_definition(view)
    if view.status is ApprovalStatus.APPROVED:
        say(f"{view.name} v{view.version} is already approved.")
        return None
    say("")
    return view.version if typer.confirm(f"Approve {view.name} v{view.version}?") else None
