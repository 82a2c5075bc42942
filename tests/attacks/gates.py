"""What the attacks on approval gates share: a gated runbook, and how people look at its gate and press it."""

from datetime import timedelta
from queue import Empty
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from bot.cards.blocks import Message
from bot.pages.links import RunLinks
from bot.poster.claims import Claim
from bot.poster.rendering import render
from core.services.incidents.ages import start_workflows_by_age
from core.services.shared.notices import NoticeKind
from core.tables import Incident, Notice, Workflow
from slack_sandbox.block_kit.blocks import block_problems
from tests.attacks.deployment import PLATFORM, Deployment
from tests.unit.bot.cards.building import markups

LINKS = RunLinks("https://runbooks.example", "the signing secret")

GATED = """
kind: runbook
name: gated
team: data
parameters: {type: object, properties: {note: {type: string, default: ""}}}
steps:
  - {id: gate, type: approval, approvers: {team: data, role: admin}}
  - {id: told, type: message, text: "Done: {{ params.note }}"}
"""

Answer = Any  # JSON


def execute(deployment: Deployment, person: str, runbook: str, incident: str, **parameters: object) -> str:
    """The id of a run that this person asked for, as far as it comes without anybody."""
    answer = deployment.rest(person).post(
        f"/api/incidents/{incident}/runbooks/{runbook}/execute", json={"parameters": parameters}
    )
    assert answer.status_code == 201, answer.text
    deployment.work()
    return str(answer.json()["execution"]["id"])


def manual(deployment: Deployment, person: str, workflow: str, incident: str) -> None:
    """This person starts a workflow by hand."""
    body = {"incident_id": incident}
    answer = deployment.rest(person).post(f"/api/workflows/{workflow}/execute", json=body)
    assert answer.is_success, answer.text
    deployment.work()


def runs_of(deployment: Deployment, incident: str) -> list[Answer]:
    answer = deployment.rest(PLATFORM).get(f"/api/incidents/{incident}/runbooks/executions")
    found: list[Answer] = answer.json()["executions"]
    return found


def seen(deployment: Deployment, run: str) -> Answer:
    """The run over REST."""
    return deployment.rest(PLATFORM).get(f"/api/runbooks/executions/{run}").json()["execution"]


def open_gate(deployment: Deployment, incident: str) -> Answer:
    """The open gate of the incident's only run."""
    [run] = runs_of(deployment, incident)
    assert run["approval"] is not None, run
    return run["approval"]


def gate_of(deployment: Deployment, run: str) -> Answer:
    """The open gate of a run; None where it waits at none."""
    return seen(deployment, run)["approval"]


def decide(deployment: Deployment, person: str, gate: Answer, verb: str, **body: object) -> Any:
    client: TestClient = deployment.rest(person)
    return client.post(f"/api/approvals/{gate['id']}/{verb}", json=body)


def approve(deployment: Deployment, person: str, gate: Answer, **body: object) -> Any:
    """The answer of REST."""
    return decide(deployment, person, gate, "approve", **body)


def press(deployment: Deployment, person: str, action: str, value: str, *, silent: bool = False) -> str:
    """What the person alone is told after they pressed a button. `silent`: nothing is expected."""
    assert deployment.slack.clicks(person, action, value).status == 200
    try:
        return str(deployment.told.get(timeout=0.3 if silent else 10)["text"])
    except Empty:
        return ""


def decided_in_slack(
    deployment: Deployment,
    person: str,
    gate: Answer,
    action: str = "approval.approve",
    *,
    silent: bool = False,
) -> str:
    """The same, of the button that the gate's card has now."""
    return press(deployment, person, action, button_value(deployment, gate["id"], action), silent=silent)


def gate_card(deployment: Deployment, gate: str) -> Message:
    """The gate's card as the poster would post it now."""
    with deployment.unit_of_work.begin() as work:
        notice = work.session.scalars(select(Notice).where(Notice.subject_id == gate, Notice.key == "")).one()
        claim = Claim(
            notice_id=notice.id,
            kind=NoticeKind(notice.kind),
            subject_id=gate,
            key=notice.key,
            incident_id=str(notice.incident_id),
            channel=None,
            content=notice.content,
            wanted=notice.wanted,
            message_ts=None,
            thread_ts=None,
            thread_of=None,
            uncertain=False,
            attempts=0,
            leased_until=work.now,
        )
        message = render(work, claim, LINKS).message
    assert message is not None
    assert block_problems(message.blocks) == []
    return message


def shown(deployment: Deployment, gate: str) -> str:
    """All that the card says, as people read it."""
    message = gate_card(deployment, gate)
    texts = [message.text, *markups(message.blocks)]
    return "\n".join(texts).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def button_value(deployment: Deployment, gate: str, action: str) -> str:
    """What the card's button carries."""
    blocks: list[dict[str, Any]] = list(gate_card(deployment, gate).blocks)
    elements = [element for block in blocks for element in block.get("elements", [])]
    return next(str(each["value"]) for each in elements if each.get("action_id") == action)


def wanted(deployment: Deployment, subject: str) -> int:
    """How often the notices about this were to be told anew."""
    with deployment.unit_of_work.begin() as work:
        return sum(work.session.scalars(select(Notice.wanted).where(Notice.subject_id == subject)))


def comes_of_age(deployment: Deployment, incident: str) -> None:
    """Two minutes pass for the incident, and the clock looks."""
    with deployment.unit_of_work.begin() as work:
        work.session.get_one(Incident, incident).created_at -= timedelta(minutes=2)
        for workflow in work.session.scalars(select(Workflow)):
            workflow.trigger_since -= timedelta(minutes=2)
    start_workflows_by_age(deployment.unit_of_work)
    deployment.work()
