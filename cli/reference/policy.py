"""The page of the policy."""

from collections.abc import Iterator, Mapping

from bot.entrances import BUTTONS, COMMANDS, ROUTES, VIEWS
from cli.policy import cell
from cli.reference.markdown import page, table
from cli.verbs import AT_THE_DATABASE, OVER_REST
from core.decisions.policy_table import POLICY, Action, PolicyRole

INTRODUCTION = """
Who may do what. Slack, REST, the command line, pages and lists ask this table and nothing else; what is not in it is
refused. `runbook policy` prints it, `runbook policy --json` for machines.

`own`: what is of a team that they are in. `global`: what is of no team. `other`: what is of another team. `all`: these
three. A team's admin is also its responder, and everybody is also anybody. A **service** is nobody: a token of
`runbook token create --service NAME` speaks for it. A **workflow** acts as the system, on the incidents of its team; a
**link** is the signed address of a run's page. The **operator** types at the machine of the service itself.
"""
SCOPES = """
## What a token needs

A token has scopes: `read`, `alerts`, `propose`, `run`, `approve`, `write`, `admin`. It may do what its person may do,
as far as its scopes go, and, where it names a team, for that team's things and global ones only. A new one has
`read,run`. Without the scope the answer is 403 with `code: insufficient_scope`. `propose` grants nothing yet.
"""
ENTRANCES = """
## The ways in

What the policy is asked for each way in. One that is not listed is refused, and fails the build.
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
    return table(("action", "it is to", "a token needs", "and"), rows)


def _entrances() -> str:
    return table(("way in", "action"), [(f"`{way}`", f"`{action}`") for way, action in _ways()])


def _ways() -> Iterator[tuple[str, str]]:
    yield from _named("", ROUTES)
    yield from _named("/runbook ", COMMANDS)
    yield from _named("button ", BUTTONS)
    yield from _named("form ", VIEWS)
    yield from _named("runbook ", OVER_REST)
    for verb, actions in AT_THE_DATABASE.items():
        yield f"runbook {verb}", "`, `".join(actions)


def _named(before: str, ways: Mapping[str, Action]) -> Iterator[tuple[str, str]]:
    return ((f"{before}{name}", action.value) for name, action in ways.items())
