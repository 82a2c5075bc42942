"""The reference page of expressions: their names and functions."""

from collections.abc import Mapping, Sequence

from cli.reference.markdown import fence, page, table
from core.definitions.cel.overloads import EXTENSIONS, OF_CEL, Overload
from core.definitions.shapes import ACTION, EXECUTION, EXTRA, INCIDENT, Shape, step_shape

INTRODUCTION = """
Expressions are written in [CEL](https://cel.dev). Conditions (`if`, `when`, `expect`) and `save` are expressions. In
a text, `{{ … }}` is replaced, once, by the value of the expression in it; a text that consists only of `{{ … }}` keeps
the value's type. A secret can be used only in a text, as `{{ secrets.NAME }}`: expressions cannot read it.
`runbook validate` reports unknown names, type errors and syntax errors.
"""

EXAMPLE = """
if: incident.severity in ["high", "critical"] && incident.labels.pager == "yes"
url: "{{ secrets.DB_API }}/clusters/{{ params.cluster }}"
expect: response.status == 200 && response.json.seconds < 30
"""


ZONES = """
A time zone is an IANA name, as in `timestamp(incident.created_at).getHours("Europe/Berlin")`, or an offset such as
`"+02:00"`; the default is UTC. Days of the week start at 0 for Sunday; months, days of the month and days of the year
start at 0; only `getDate` starts at 1. `int(timestamp)` and `timestamp(int)` use seconds since 1970.
"""


def expressions_page() -> str:
    named = [
        ("`params`", "runbooks", "the run's parameters, including defaults"),
        ("`steps.ID`", "runbooks", f"an earlier step: {_members(step_shape(()))}"),
        ("`values.NAME`", "runbooks", "a value of the runbook, the same for the whole run"),
        ("`execution`", "runbooks", _members(EXECUTION)),
        ("`actions.ID`", "workflows", f"an earlier action: {_members(ACTION)}"),
        ("`event`", "workflows", "the event of the [trigger](triggers.md)"),
        ("`incident`", "both", f"{_members(INCIDENT)}. A missing label reads as an empty text"),
        (
            "`secrets.NAME`",
            "both",
            "a [secret](secrets.md), alone between `{{` and `}}`, in a text that is sent",
        ),
        ("`response`", "`expect` and `save` of calls", _members(EXTRA["response"])),
        ("`result`", "`expect` and `save` of `shell`", _members(EXTRA["result"])),
    ]
    return page(
        "Expressions",
        INTRODUCTION,
        fence(EXAMPLE),
        "## Names",
        table(("name", "available in", "meaning"), named),
        "## Functions",
        "CEL's own functions:",
        table(("function", "overloads"), _functions(OF_CEL)),
        ZONES,
        "Functions of cel-go's extensions:",
        table(("function", "overloads"), _functions(EXTENSIONS)),
    )


def _functions(overloads: Mapping[str, Sequence[Overload]]) -> list[tuple[str, str]]:
    return [(f"`{name}`", _listed([each.signature for each in of])) for name, of in overloads.items()]


def _members(shape: Shape) -> str:
    return _listed(sorted(shape.members or ()))


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
