"""The commands of the CLI, and the action that the policy checks for each.

Commands over REST carry a token, and the service checks the policy. The others work directly on the database, on the
service's own machine, as the operator.
"""

from collections.abc import Mapping

from core.decisions.policy_table import Action

OVER_REST: Mapping[str, Action] = {
    "list": Action.DEFINITION_READ,
    "show": Action.DEFINITION_READ,
    "export": Action.DEFINITION_READ,
    "run": Action.RUNBOOK_RUN,
    "status": Action.RUN_READ,
    "cancel": Action.RUN_CANCEL,
    "retry": Action.RUN_RETRY,
    "approve": Action.APPROVAL_DECIDE,
    "reject": Action.APPROVAL_DECIDE,
    "audit export": Action.AUDIT_READ,
    "verdict": Action.RUN_VERDICT,
    "answer": Action.INPUT_ANSWER,
    "freeze": Action.FREEZE,
    "thaw": Action.FREEZE,
    "incident open": Action.INCIDENT_OPEN,
    "incident list": Action.INCIDENT_READ,
    "incident show": Action.INCIDENT_READ,
    "incident export": Action.INCIDENT_READ,
    "incident ack": Action.INCIDENT_CHANGE,
    "incident resolve": Action.INCIDENT_CHANGE,
    "incident close": Action.INCIDENT_CHANGE,
    "incident escalate": Action.INCIDENT_CHANGE,
    "incident note": Action.INCIDENT_NOTE,
}

AT_THE_DATABASE: Mapping[str, tuple[Action, ...]] = {
    "apply": (Action.TEAM_WRITE, Action.DEFINITION_WRITE, Action.DEFINITION_APPROVE),
    "token create": (Action.TOKEN_CREATE,),
    "token agent": (Action.TOKEN_CREATE,),
    "token list": (Action.TOKEN_READ,),
    "token revoke": (Action.TOKEN_REVOKE,),
    "audit verify": (Action.AUDIT_READ,),
    "audit head": (Action.AUDIT_READ,),
    "secrets list": (Action.SECRET_WRITE,),
    "secrets suggest": (Action.SECRET_WRITE,),
    "restored": (Action.FREEZE,),
    "prune": (Action.RUN_PRUNE,),
}

# These start processes, or read files and settings of their own machine: there is no policy to check. `mcp` hands each
# request on to the service, which checks it.
OF_THE_MACHINE = frozenset(
    {
        "web", "socket", "poster", "worker", "clock", "up", "demo", "migrate", "validate", "test", "schema",
        "reference", "doctor", "policy", "manifest", "mcp",
    }
)  # fmt: skip
