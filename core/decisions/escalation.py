"""Escalation of a gate: who may decide as well once nobody has decided for some time, and how this is stored."""

from dataclasses import dataclass, replace
from datetime import datetime

from core.decisions.approval_policy import ApprovalPolicy, Deciders, deciders_from_json, deciders_to_json
from core.values.execution import Json


@dataclass(frozen=True, slots=True)
class Escalation:
    """From `at` on, `to` may decide as well, and the gate is shown in `channel` as well; either may be None.

    The initiators remain excluded, and as many people as before must approve.
    """

    at: datetime
    to: Deciders | None = None
    channel: str | None = None


def escalated(policy: ApprovalPolicy, escalation: Escalation) -> ApprovalPolicy:
    """Return the policy from the escalation on."""
    return replace(policy, also=escalation.to)


def added_alone(policy: ApprovalPolicy, to: Deciders) -> ApprovalPolicy:
    """Return the policy as if only those to whom it is escalated were asked."""
    return replace(policy, team=to.team, role=to.role, people=to.people, also=None)


def escalation_to_json(escalation: Escalation) -> dict[str, Json]:
    """Return the escalation as it is stored in the gate's row."""
    to = deciders_to_json(escalation.to) if escalation.to is not None else None
    return {"at": escalation.at.isoformat(), "to": to, "channel": escalation.channel}


def escalation_from_json(value: dict[str, object] | None) -> Escalation | None:
    """Return the escalation stored by `escalation_to_json`; None for nothing."""
    if value is None:
        return None
    channel = value.get("channel")
    return Escalation(
        datetime.fromisoformat(str(value["at"])),
        deciders_from_json(value.get("to")),
        str(channel) if channel is not None else None,
    )
