"""What expressions may name: the members of each variable, as far as they are known before anything runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Shape:
    """What a value consists of.

    `members` are all that it has, or None where anything may be in it. `sample` is a value of its type, in a
    tuple, and `choices` the only texts that it can be. `optional` are members that may be missing when it runs.
    `plural` names the members in a hint, `hints` explains some that are not there, `empty` that there is none.
    """

    members: "Mapping[str, Shape] | None" = None
    sample: tuple[object] | None = None
    choices: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    plural: str = "Members"
    hints: Mapping[str, str] = field(default_factory=dict)
    empty: str = "{path} has no members."

    def at(self, members: Iterable[str]) -> "Shape | None":
        """Return the shape of a member of a member, or None where nothing is known about it."""
        shape = self
        for member in members:
            if shape.members is None or member not in shape.members:
                return None
            shape = shape.members[member]
        return shape

    def without_optional(self, names: Iterable[str]) -> "Shape":
        """Return the shape in which the members `names` are known to be there."""
        return replace(self, optional=self.optional - frozenset(names))


OPEN = Shape()
LEAF = Shape({})
TEXT = Shape({}, sample=("",))
NUMBER = Shape({}, sample=(0,))


def closed(*names: str, **inner: Shape) -> Shape:
    """Return the shape of a value with these members; `inner` gives those of which more is known."""
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
RESPONSE = closed("headers", "json", status=NUMBER, text=TEXT)
RESULT = closed(exit_code=NUMBER, stdout=TEXT, stderr=TEXT)
ACTION = closed("status", "output", "error")
CALLBACK = closed("json")
EXTRA = {"response": RESPONSE, "result": RESULT, "callback": CALLBACK}


def event_shape(members: Mapping[str, Shape]) -> Shape:
    """Return the shape of `event`, of which the trigger says what it tells."""
    return Shape(
        members, plural="This trigger tells", empty="This trigger tells nothing besides the incident."
    )


def callbacks_shape(steps: Iterable[str]) -> Shape:
    """Return the shape of `callbacks`: the address of each step of type `callback`."""
    empty = "No step is of the type callback."
    return Shape(dict.fromkeys(steps, TEXT), plural="Steps of the type callback", empty=empty)


def step_shape(saved: Iterable[str]) -> Shape:
    """Return the shape of a finished step that saves the names `saved`."""
    empty = "Nothing is saved there: give that step save: {{name: expression}}."
    return closed(
        "status", "output", "error", saved=Shape(dict.fromkeys(saved, OPEN), plural="It saves", empty=empty)
    )
