"""The shapes of the variables that expressions may use: their members, as far as they are known before a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Shape:
    """The members of a value.

    `members`: all of them, or None if there may be any. `sample`: a value of the right type, in a 1-tuple. `choices`:
    the only texts that the value can be. `optional`: members that may be missing at run time. `plural`: the word for
    the members in a hint. `hints`: explanations of certain missing members. `empty`: the hint if there are no members.
    """

    members: "Mapping[str, Shape] | None" = None
    sample: tuple[object] | None = None
    choices: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    plural: str = "Members"
    hints: Mapping[str, str] = field(default_factory=dict)
    empty: str = "{path} has no members."

    def at(self, members: Iterable[str]) -> "Shape | None":
        """Return the shape of a nested member, or None if nothing is known about it."""
        shape = self
        for member in members:
            if shape.members is None or member not in shape.members:
                return None
            shape = shape.members[member]
        return shape

    def without_optional(self, names: Iterable[str]) -> "Shape":
        """Return the shape in which the members `names` are known to exist."""
        return replace(self, optional=self.optional - frozenset(names))


OPEN = Shape()
LEAF = Shape({})
TEXT = Shape({}, sample=("",))
NUMBER = Shape({}, sample=(0,))


def closed(*names: str, **inner: Shape) -> Shape:
    """Return the shape of a value with exactly these members; `inner` gives the shapes of some of them."""
    return Shape({**dict.fromkeys(names, OPEN), **inner})


def choice(*choices: str) -> Shape:
    """Return the shape of a text that is one of `choices`."""
    return Shape({}, sample=(choices[0],), choices=choices)


SECRETS = OPEN
INCIDENT = closed(
    "labels",
    number=LEAF,
    severity=choice("info", "low", "medium", "high", "critical"),
    status=choice("open", "acknowledged", "resolved", "closed"),
    **dict.fromkeys(("id", "title", "description", "service", "team", "url", "created_at"), TEXT),
)
EXECUTION = closed(
    runbook_version=NUMBER,
    **dict.fromkeys(("id", "runbook", "requested_by", "workflow_execution_id"), TEXT),
)
EXECUTION_AT_ITS_END = Shape(
    {**(EXECUTION.members or {}), "outcome": choice("succeeded", "failed", "cancelled", "timed_out")}
)
RESPONSE = closed("headers", "json", status=NUMBER, text=TEXT)
RESULT = closed(exit_code=NUMBER, stdout=TEXT, stderr=TEXT)
ANSWER = closed("rows", "results", "is_cut", row_count=NUMBER)
ACTION = closed("status", "output", "error")
CALLBACK = closed("json")
EXTRA = {"response": RESPONSE, "result": RESULT, "answer": ANSWER, "callback": CALLBACK}


def event_shape(members: Mapping[str, Shape]) -> Shape:
    """Return the shape of `event`, whose members depend on the trigger."""
    return Shape(
        members, plural="Members for this trigger", empty="This trigger has no members besides the incident."
    )


def callbacks_shape(steps: Iterable[str]) -> Shape:
    """Return the shape of `callbacks`: the URL of each step of type `callback`."""
    empty = "There is no step of type callback."
    return Shape(dict.fromkeys(steps, TEXT), plural="Steps of type callback", empty=empty)


def step_shape(saved: Iterable[str], values: Shape | None = None) -> Shape:
    """Return the shape of a finished step that saves the values `saved`, or those of the shape `values`."""
    empty = "That step saves nothing: give it save: {{name: expression}}."
    by_name = values or Shape(dict.fromkeys(saved, OPEN), plural="It saves", empty=empty)
    return closed("status", "output", "error", saved=by_name)
