"""What expressions may name: the members of each variable, as far as they are known before anything runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shape:
    """What a value consists of: its `members`, or None where anything may be in it.

    `plural` names them in a hint, `hints` explains some that are not there, `empty` that there is none.
    """

    members: "Mapping[str, Shape] | None" = None
    plural: str = "Members"
    hints: Mapping[str, str] = field(default_factory=dict)
    empty: str = "{path} has no members."


OPEN = Shape()


def closed(*names: str, **inner: Shape) -> Shape:
    """Answer the shape of a value with these members; `inner` gives those of which more is known."""
    return Shape({**dict.fromkeys(names, OPEN), **inner})


LEAF = Shape({})
INCIDENT = closed(
    labels=OPEN,
    **dict.fromkeys(
        ("id", "title", "description", "severity", "service", "team", "status", "url", "created_at"), LEAF
    ),
)
EXECUTION = closed(
    **dict.fromkeys(
        ("id", "runbook", "runbook_version", "requested_by", "workflow_execution_id", "url"), LEAF
    )
)
EVENT = closed("type", "at", "by", "to", "minutes", **{"from": OPEN})
RESPONSE = closed("status", "headers", "json", "body")
RESULT = closed(**dict.fromkeys(("exit_code", "stdout", "stderr"), LEAF))
ACTION = closed("status", "output", "error")
EXTRA = {"response": RESPONSE, "result": RESULT}


def step_shape(saved: Iterable[str]) -> Shape:
    """Answer the shape of a finished step that saves the names `saved`."""
    empty = "Nothing is saved there: give that step save: {{name: expression}}."
    return closed(
        "status", "output", "error", saved=Shape(dict.fromkeys(saved, OPEN), plural="It saves", empty=empty)
    )


def params_shape(properties: Iterable[str]) -> Shape:
    """Answer the shape of `params`, of which the schema declares `properties`."""
    empty = "Declare it under parameters.properties."
    return Shape(dict.fromkeys(properties, OPEN), plural="Parameters", empty=empty)
