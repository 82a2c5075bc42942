"""What Slack's directory says of people and user groups, and what follows for the members of teams. Pure."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from core.statuses import Role, Standing

REFUSALS: Mapping[Standing, str] = {
    Standing.GUEST: "You are a guest in this Slack workspace, and guests cannot use this service.",
    Standing.EXTERNAL: "You belong to a different Slack workspace than this service, so you cannot use it.",
    Standing.DEACTIVATED: "Your Slack account is deactivated, so you cannot use this service.",
    Standing.APP: "You are an app, and only people can do this.",
}
HINTS: Mapping[Standing, str] = {
    Standing.GUEST: "Ask a workspace admin to make you a full member.",
    Standing.EXTERNAL: "Ask somebody of the incident's team to act for you.",
    Standing.DEACTIVATED: "Ask a workspace admin to activate it again.",
}


def standing_of(user: Mapping[str, Any]) -> Standing:
    """Return the standing of a user object of Slack's: https://docs.slack.dev/reference/objects/user-object."""
    if user.get("deleted"):
        return Standing.DEACTIVATED
    if user.get("is_stranger"):
        return Standing.EXTERNAL
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Standing.GUEST
    return Standing.APP if user.get("is_bot") else Standing.MEMBER


LONGEST_NAME = 80


def name_of(user: Mapping[str, Any]) -> str | None:
    """Return the person's full name, as a user object says it, or else the name of their account."""
    name = " ".join(str(user.get("real_name") or user.get("name") or "").split())
    return name[:LONGEST_NAME] or None


def is_barred(standing: Standing) -> bool:
    """Return whether people of this standing may do nothing here, whatever their teams."""
    return standing in REFUSALS


@dataclass(frozen=True, slots=True)
class Membership:
    """`from_usergroup`: whether somebody is a member because the team's user group has them."""

    role: Role
    from_usergroup: bool = False


def memberships(listed: Mapping[str, Role], usergroup: Set[str]) -> dict[str, Membership]:
    """Return a team's members: those that its document lists, and as responders the others of its user group."""
    group = {person: Membership(Role.RESPONDER, from_usergroup=True) for person in usergroup}
    return group | {person: Membership(role) for person, role in listed.items()}
