"""`approve` and `reject`: deciding what a run waits for."""

from typing import Annotated

import typer

from cli.client.options import AsJson, Url, connect, path, print_json
from cli.client.output import say
from core.statuses import GateStatus
from core.views import ApprovalView

app = typer.Typer()

ApprovalId = Annotated[str, typer.Argument(metavar="APPROVAL_ID", help="apr_…; `runbook status` shows it.")]
Digest = Annotated[
    str | None,
    typer.Option(
        "--digest", help="Of what you saw, as `runbook status` shows it: refused if it is another by now."
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the decision.")]


@app.command()
def approve(
    approval_id: ApprovalId,
    reason: Reason = "",
    digest: Digest = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Let the run go on that waits for this approval."""
    _decide(approval_id, "approve", _body(reason, digest), url, as_json)


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
