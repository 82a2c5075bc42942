"""Approval policies as the rows of gates keep them."""

from core.decisions.approval_policy import ApprovalPolicy
from core.decisions.execution import Json
from core.decisions.initiators import Initiator, initiators_from_json, initiators_to_json
from core.statuses import Role


def policy_to_json(policy: ApprovalPolicy) -> dict[str, Json]:
    """The policy as the gate's row keeps it."""
    return {
        "requester": policy.requester,
        "initiators": initiators_to_json(policy.initiators),
        "team": policy.team,
        "role": policy.role.value,
        "people": list(policy.people),
        "count": policy.count,
        "allow_requester": policy.allow_requester,
    }


def policy_from_json(value: dict[str, object]) -> ApprovalPolicy:
    """The same, read. A gate of before there were initiators knows who asked."""
    people = value.get("people") or []
    assert isinstance(people, list)
    team, requester = value.get("team"), str(value["requester"])
    known = "initiators" in value
    return ApprovalPolicy(
        requester=requester,
        initiators=initiators_from_json(value["initiators"]) if known else (Initiator(requester, "asked"),),
        team=str(team) if team is not None else None,
        role=Role(str(value.get("role", Role.RESPONDER))),
        people=tuple(map(str, people)),
        count=int(str(value.get("count", 1))),
        allow_requester=bool(value.get("allow_requester", False)),
    )
