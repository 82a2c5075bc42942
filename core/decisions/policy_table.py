"""The policy's table: for each action, which role may perform it where, and which scope a token needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.statuses import TokenScope


class Action(StrEnum):
    """An action that a principal may want to perform."""

    INCIDENT_READ = "incident.read"
    INCIDENT_OPEN = "incident.open"
    INCIDENT_CHANGE = "incident.change"
    INCIDENT_NOTE = "incident.note"
    ALERTS_SEND = "alerts.send"
    RUNBOOK_RUN = "runbook.run"
    RUNBOOK_PROPOSE = "runbook.propose"
    RUN_READ = "run.read"
    RUN_CANCEL = "run.cancel"
    RUN_WITHDRAW = "run.withdraw"
    RUN_RETRY = "run.retry"
    RUN_RETRY_FROM = "run.retry_from"
    RUN_VERDICT = "run.verdict"
    RUN_PRUNE = "run.prune"
    INPUT_ANSWER = "input.answer"
    APPROVAL_READ = "approval.read"
    APPROVAL_DECIDE = "approval.decide"
    WORKFLOW_START = "workflow.start"
    WORKFLOW_ENABLE = "workflow.enable"
    DEFINITION_READ = "definition.read"
    DEFINITION_WRITE = "definition.write"
    DEFINITION_APPROVE = "definition.approve"
    DEFINITION_DEPRECATE = "definition.deprecate"
    ANALYTICS_READ = "analytics.read"
    FREEZE_READ = "freeze.read"
    FREEZE = "freeze"
    AUDIT_READ = "audit.read"
    TEAM_WRITE = "team.write"
    SECRET_WRITE = "secret.write"
    TOKEN_READ = "token.read"
    TOKEN_CREATE = "token.create"
    TOKEN_REVOKE = "token.revoke"
    CALLBACK_SEND = "callback.send"
    SLACK_SEND = "slack.send"
    SERVICE_READ = "service.read"


class PolicyRole(StrEnum):
    """The role in which somebody acts. A responder also counts as anybody, and a team's admin as its responder."""

    ANYBODY = "anybody"
    RESPONDER = "responder"
    TEAM_ADMIN = "team admin"
    PLATFORM_ADMIN = "platform admin"
    OPERATOR = "operator"
    SERVICE = "service"
    AGENT = "agent"
    WORKFLOW = "workflow"
    LINK = "link"


class TeamScope(StrEnum):
    """The relation of a thing's team to the principal."""

    OWN = "own team"
    GLOBAL = "global"
    OTHER = "another team"


Where = Mapping[PolicyRole, frozenset[TeamScope]]

OWN = frozenset({TeamScope.OWN})
GLOBAL = frozenset({TeamScope.GLOBAL})
OWN_AND_GLOBAL = OWN | GLOBAL
EVERYWHERE = frozenset(TeamScope)
NOWHERE: frozenset[TeamScope] = frozenset()


@dataclass(frozen=True)
class Rule:
    """One row of the policy. `deed`: the action in words, after "may". `who`: where each role may perform it; other
    roles, nowhere.

    `needs`: the scopes of which a token must have one, the narrowest first; empty if no token is needed. `also`:
    further requirements, in words.
    """

    deed: str
    needs: tuple[TokenScope, ...]
    who: Where
    also: str = ""


_EVERYBODY = dict.fromkeys(PolicyRole, EVERYWHERE)
_PLATFORM: Where = {PolicyRole.PLATFORM_ADMIN: EVERYWHERE, PolicyRole.OPERATOR: EVERYWHERE}
_ADMINS: Where = {PolicyRole.TEAM_ADMIN: OWN, **_PLATFORM}
_PEOPLE: Where = {PolicyRole.RESPONDER: OWN, **_PLATFORM}
_PEOPLE_AND_SERVICES: Where = {**_PEOPLE, PolicyRole.SERVICE: OWN}
_READERS: Where = {**_PEOPLE_AND_SERVICES, PolicyRole.ANYBODY: GLOBAL, PolicyRole.SERVICE: OWN_AND_GLOBAL}
_AGENTS: Where = {PolicyRole.AGENT: OWN}
_DECIDERS: Where = {PolicyRole.RESPONDER: OWN, PolicyRole.PLATFORM_ADMIN: EVERYWHERE}
_FOR_INCIDENTS: Where = {**_PEOPLE_AND_SERVICES, PolicyRole.WORKFLOW: OWN_AND_GLOBAL}

_READ, _RUN, _APPROVE = (TokenScope.READ,), (TokenScope.RUN,), (TokenScope.APPROVE,)
_WRITE, _ADMIN = (TokenScope.WRITE,), (TokenScope.ADMIN,)
_READ_OR_PROPOSE = (TokenScope.READ, TokenScope.PROPOSE)

OF_THE_INCIDENT = "The team is the incident's; the definition must belong to that team or be global."
AS_ASKED = "The step must name them, or their team and role. Initiators of the run may answer, too."
A_GATE_FIRST = "A responder must approve it before its first step that does anything."
NO_INITIATOR = "The gate must name them, or their team and role, and they must not be initiators of the run."

POLICY: Mapping[Action, Rule] = {
    Action.INCIDENT_READ: Rule("read incidents", _READ_OR_PROPOSE, {**_PEOPLE_AND_SERVICES, **_AGENTS}),
    Action.INCIDENT_OPEN: Rule("open incidents", _RUN, _PEOPLE_AND_SERVICES),
    Action.INCIDENT_CHANGE: Rule("change incidents", _RUN, _FOR_INCIDENTS),
    Action.INCIDENT_NOTE: Rule(
        "write into an incident's timeline",
        (TokenScope.RUN, TokenScope.PROPOSE),
        {**_PEOPLE_AND_SERVICES, **_AGENTS},
    ),
    Action.ALERTS_SEND: Rule("send alerts", (TokenScope.ALERTS, TokenScope.RUN), _PEOPLE_AND_SERVICES),
    Action.RUNBOOK_RUN: Rule("run runbooks", _RUN, _FOR_INCIDENTS, OF_THE_INCIDENT),
    Action.RUNBOOK_PROPOSE: Rule("propose runs", (TokenScope.PROPOSE,), _AGENTS, A_GATE_FIRST),
    Action.RUN_READ: Rule(
        "read runs",
        _READ_OR_PROPOSE,
        {**_PEOPLE_AND_SERVICES, **_AGENTS, PolicyRole.LINK: EVERYWHERE},
        "A signed link gives access to the page of its run.",
    ),
    Action.RUN_CANCEL: Rule("cancel runs", _RUN, _PEOPLE_AND_SERVICES),
    Action.RUN_WITHDRAW: Rule(
        "withdraw runs", (TokenScope.PROPOSE,), _AGENTS, "Only those that it proposed itself."
    ),
    Action.RUN_RETRY: Rule("retry runs", _RUN, _PEOPLE_AND_SERVICES, OF_THE_INCIDENT),
    Action.RUN_RETRY_FROM: Rule("choose the step to continue from", _RUN, _ADMINS),
    Action.RUN_VERDICT: Rule("give a verdict on a step", _APPROVE, _DECIDERS),
    Action.RUN_PRUNE: Rule(
        "delete old runs",
        _ADMIN,
        {PolicyRole.OPERATOR: EVERYWHERE},
        "The clock deletes them, too, as the settings say.",
    ),
    Action.INPUT_ANSWER: Rule("enter the values that a run asks for", _RUN, _DECIDERS, AS_ASKED),
    Action.APPROVAL_READ: Rule(
        "read approvals", _READ, _PEOPLE_AND_SERVICES, "Also the people whom the gate names."
    ),
    Action.APPROVAL_DECIDE: Rule("approve or reject", _APPROVE, _DECIDERS, NO_INITIATOR),
    Action.WORKFLOW_START: Rule("start workflows", _RUN, _PEOPLE_AND_SERVICES, OF_THE_INCIDENT),
    Action.WORKFLOW_ENABLE: Rule("enable and disable workflows", _WRITE, _ADMINS),
    Action.DEFINITION_READ: Rule(
        "read definitions", _READ_OR_PROPOSE, {**_READERS, PolicyRole.AGENT: OWN_AND_GLOBAL}
    ),
    Action.DEFINITION_WRITE: Rule("write definitions", _WRITE, _ADMINS),
    Action.DEFINITION_APPROVE: Rule(
        "approve definitions", _APPROVE, _PLATFORM, "Never the author of that version."
    ),
    Action.DEFINITION_DEPRECATE: Rule("deprecate definitions", _WRITE, _ADMINS),
    Action.ANALYTICS_READ: Rule(
        "read analytics", _READ, _READERS, "For global definitions, only the runs for their own teams."
    ),
    Action.FREEZE_READ: Rule("read freezes", _READ, _READERS),
    Action.FREEZE: Rule("freeze and unfreeze", _ADMIN, _ADMINS, "Global: everything."),
    Action.AUDIT_READ: Rule("read the audit trail", _READ, _ADMINS),
    Action.TEAM_WRITE: Rule("write teams", _ADMIN, _PLATFORM),
    Action.SECRET_WRITE: Rule("declare secrets", _ADMIN, _PLATFORM),
    Action.TOKEN_READ: Rule("list tokens", _ADMIN, _PLATFORM),
    Action.TOKEN_CREATE: Rule("create tokens", _ADMIN, _PLATFORM),
    Action.TOKEN_REVOKE: Rule("revoke tokens", _ADMIN, _PLATFORM),
    Action.CALLBACK_SEND: Rule(
        "call a run back", (), _EVERYBODY, "The URL is the credential: signed, for one step, usable once."
    ),
    Action.SLACK_SEND: Rule(
        "speak for Slack",
        (),
        _EVERYBODY,
        "Requires Slack's signature; each command, button and form is checked against its own action.",
    ),
    Action.SERVICE_READ: Rule("read help, health and figures", (), _EVERYBODY),
}
