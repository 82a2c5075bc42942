"""The reference page of the policy."""

from collections.abc import Iterator, Mapping

from bot.entry_points import BUTTONS, COMMANDS, EVENTS, MENUS, ROUTES, SHORTCUTS, VIEWS
from cli.policy import cell
from cli.reference.markdown import page, table
from cli.verbs import AT_THE_DATABASE, OVER_REST
from core.decisions.policy_table import POLICY, Action, PolicyRole

INTRODUCTION = """
Who may do what. Slack, REST, the command line, pages and lists all decide by this table alone; anything that is not in
it is refused. `runbook policy` prints it, and `runbook policy --json` prints it for machines.

`own`: objects of the person's teams. `global`: objects without a team. `other`: objects of other teams. `all`: all
three. A team's admins are also its responders, and every role includes `anybody`. A **service** is not a person: it
acts through a token from `runbook token create --service NAME`. An **agent** is a program that proposes runs, which
wait for a person (docs/agents.md); its token comes from `runbook token agent NAME`. A **workflow** acts as the system,
on the incidents of its team. A **link** is the signed address of a run's page. The **operator** works on the service's
own machine.
"""
SCOPES = """
## Token scopes

A token has scopes: `read`, `alerts`, `propose`, `run`, `approve`, `write`, `admin`. It may do what its person may do,
limited to its scopes; if it is restricted to a team, only for that team's objects and global ones. A new token has
`read,run`. If a scope is missing, the answer is 403 with `code: insufficient_scope`. `propose` lets an
agent read what concerns its team, write notes, and propose runs.
"""
ENTRANCES = """
## Entry points

The action that the policy checks for each entry point. An entry point that is not listed is refused, and fails the
build.
"""


def policy_page() -> str:
    return page("The policy", INTRODUCTION, _matrix(), SCOPES, _needs(), ENTRANCES, _entrances())


def _matrix() -> str:
    roles = list(PolicyRole)
    rows = [[f"`{action}`", *(cell(action, role) for role in roles)] for action in Action]
    return table(("action", *roles), rows)


def _needs() -> str:
    rows = [
        (f"`{action}`", rule.deed, " or ".join(f"`{scope}`" for scope in rule.needs), rule.also)
        for action, rule in POLICY.items()
    ]
    return table(("action", "meaning", "token scope", "also"), rows)


def _entrances() -> str:
    return table(("entry point", "action"), [(f"`{way}`", f"`{action}`") for way, action in _ways()])


def _ways() -> Iterator[tuple[str, str]]:
    yield from _named("", ROUTES)
    yield from _named("/runbook ", COMMANDS)
    yield from _named("button ", BUTTONS)
    yield from _named("form ", VIEWS)
    yield from _named("shortcut ", SHORTCUTS)
    yield from _named("menu ", MENUS)
    yield from _named("event ", EVENTS)
    yield from _named("runbook ", OVER_REST)
    for verb, actions in AT_THE_DATABASE.items():
        yield f"runbook {verb}", "`, `".join(actions)


def _named(before: str, ways: Mapping[str, Action]) -> Iterator[tuple[str, str]]:
    return ((f"{before}{name}", action.value) for name, action in ways.items())
