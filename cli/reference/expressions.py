"""The page of expressions: what they may name, and the functions that they have."""

from collections.abc import Mapping, Sequence

from cli.reference.markdown import fence, page, table
from core.definitions.cel.overloads import EXTENSIONS, OF_CEL, Overload
from core.definitions.shapes import ACTION, EXECUTION, EXTRA, INCIDENT, Shape, step_shape

INTRODUCTION = """
Expressions are [CEL](https://cel.dev). Conditions (`if`, `when`, `expect`) and `save` are expressions; in a text,
`{{ … }}` is replaced by the value of the expression in it, once. A text that is only `{{ … }}` keeps the type of the
value. A secret stands in a text whole, as `{{ secrets.NAME }}`: no expression sees one. `runbook validate` finds
unknown names, types that do not fit and wrong syntax.
"""

EXAMPLE = """
if: incident.severity in ["high", "critical"] && incident.labels.pager == "yes"
url: "{{ secrets.DB_API }}/clusters/{{ params.cluster }}"
expect: response.status == 200 && response.json.seconds < 30
"""


ZONES = """
A time zone is one of the IANA's names, `timestamp(incident.created_at).getHours("Europe/Berlin")`, or an offset,
`"+02:00"`; without one it is UTC. Days of the week count from Sunday as 0, months and days of the month and of the year
from 0; only `getDate` counts from 1. `int(timestamp)` and `timestamp(int)` count seconds since 1970.
"""


def expressions_page() -> str:
    named = [
        ("`params`", "runbooks", "what the run was given, defaults filled in"),
        ("`steps.ID`", "runbooks", f"an earlier step: {_members(step_shape(()))}"),
        ("`execution`", "runbooks", _members(EXECUTION)),
        ("`actions.ID`", "workflows", f"an earlier action: {_members(ACTION)}"),
        ("`event`", "workflows", "what the [trigger](triggers.md) tells"),
        ("`incident`", "both", f"{_members(INCIDENT)}. A label that it lacks reads as empty text"),
        (
            "`secrets.NAME`",
            "both",
            "a [secret](secrets.md): alone between `{{` and `}}`, in a text that is sent",
        ),
        ("`response`", "`expect` and `save` of calls", _members(EXTRA["response"])),
        ("`result`", "`expect` and `save` of `shell`", _members(EXTRA["result"])),
    ]
    return page(
        "Expressions",
        INTRODUCTION,
        fence(EXAMPLE),
        "## What they may name",
        table(("name", "in", "what"), named),
        "## Functions",
        "Of CEL itself:",
        table(("function", "for"), _functions(OF_CEL)),
        ZONES,
        "Besides, as cel-go's extensions have them:",
        table(("function", "for"), _functions(EXTENSIONS)),
    )


def _functions(overloads: Mapping[str, Sequence[Overload]]) -> list[tuple[str, str]]:
    return [(f"`{name}`", _listed([each.signature for each in of])) for name, of in overloads.items()]


def _members(shape: Shape) -> str:
    return _listed(sorted(shape.members or ()))


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
