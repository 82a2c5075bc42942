"""`runbook policy`: print who may do what."""

import typer

from cli.arguments import AsJson
from cli.client.connection import print_json
from cli.client.output import say, table
from core.decisions.policy import effective
from core.decisions.policy_table import NOWHERE, POLICY, Action, PolicyRole, TeamScope

app = typer.Typer()

LETTERS = {TeamScope.OWN: "own", TeamScope.GLOBAL: "global", TeamScope.OTHER: "other"}


@app.command()
def policy(as_json: AsJson = False) -> None:
    """Show who may do what: each action, the scope that a token needs, and which role may do it where."""
    if as_json:
        print_json({"policy": [entry(action) for action in Action]})
        return
    for action in Action:
        rule = POLICY[action]
        say(f"{action}: {rule.deed}. {needed(action)}{f' {rule.also}' if rule.also else ''}")
    roles = list(PolicyRole)
    table(("action", *roles), [[action.value, *(cell(action, role) for role in roles)] for action in Action])
    say("own: objects of the person's teams; global: objects without a team; other: objects of other teams.")
    say("Everything that is not in this table is refused.")


def needed(action: Action) -> str:
    """Return the scopes that a token needs for the action, as a sentence."""
    needs = [f"`{scope}`" for scope in POLICY[action].needs]
    return f"A token needs {' or '.join(needs)}." if needs else "No token is needed."


def cell(action: Action, role: PolicyRole) -> str:
    """Return where the role may do it, such as `own, global`; empty if nowhere."""
    where = effective(action, role)
    if where == frozenset(TeamScope):
        return "all"
    return ", ".join(LETTERS[each] for each in TeamScope if each in where)


def entry(action: Action) -> dict[str, object]:
    """Return the action's rule as a JSON object."""
    rule = POLICY[action]
    allowed = {role.value: sorted(effective(action, role)) for role in PolicyRole}
    return {
        "action": action.value,
        "deed": rule.deed,
        "token_scopes": list(rule.needs),
        "allowed": {role: where for role, where in allowed.items() if frozenset(where) != NOWHERE},
        "also": rule.also,
    }
