"""Approval policies as the rows of gates keep them."""

from core.decisions.approval_policy import ApprovalPolicy
from core.statuses import Role


def policy_from_json(value: dict[str, object]) -> ApprovalPolicy:
    """The policy as the gate's row keeps it."""
    people = value.get("people") or []
    assert isinstance(people, list)
    team = value.get("team")
    return ApprovalPolicy(
        requester=str(value["requester"]),
        team=str(team) if team is not None else None,
        role=Role(str(value.get("role", Role.RESPONDER))),
        people=tuple(map(str, people)),
        count=int(str(value.get("count", 1))),
        allow_requester=bool(value.get("allow_requester", False)),
    )
