"""`approve` and `reject`: deciding what a run waits for."""

from typing import Annotated

import typer

from cli.client.options import AsJson, Url, connect, path, print_json
from cli.client.output import say
from core.statuses import GateStatus
from core.views import ApprovalView

app = typer.Typer()

ApprovalId = Annotated[str, typer.Argument(metavar="APPROVAL_ID", help="apr_…; `runbook status` shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the decision.")]


@app.command()
def approve(approval_id: ApprovalId, reason: Reason = "", url: Url = "", as_json: AsJson = False) -> None:
    """Let the run go on that waits for this approval."""
    _decide(approval_id, "approve", reason, url, as_json)


@app.command()
def reject(approval_id: ApprovalId, reason: Reason = "", url: Url = "", as_json: AsJson = False) -> None:
    """End the run that waits for this approval."""
    _decide(approval_id, "reject", reason, url, as_json)


def _decide(approval_id: str, verb: str, reason: str, url: str, as_json: bool) -> None:
    with connect(url) as connection:
        answer = connection.post(path("approvals", approval_id, verb), {"reason": reason})
    if as_json:
        print_json(answer)
    else:
        say(sentence(ApprovalView.model_validate(answer["approval"])))


def sentence(view: ApprovalView) -> str:
    """What the decision came to."""
    run = f"run {view.execution_id}, step {view.step}"
    if view.status is GateStatus.OPEN:
        approved = sum(decision.approved for decision in view.decisions)
        return f"Noted: {approved} of {view.count} approvals are there ({run})."
    return f"It is {view.status.value} ({run})."
