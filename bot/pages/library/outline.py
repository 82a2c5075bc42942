"""What a definition does and what changed in it, as its page and the editor show it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.pages.library.graph import Graph, draw
from bot.pages.library.words import ActionWords, StepWords, actions_in_words, lock_in_words, steps_in_words
from core.definitions.durations import format_duration
from core.definitions.parameters import declared, default_of, required
from core.definitions.runbook import RunbookDefinition
from core.definitions.workflow import Schedule, WorkflowDefinition
from core.simulation.context import used_secrets

KINDS = {"+": "added", "-": "removed", "@": "place"}  # by the first character of a line


@dataclass(frozen=True)
class Parameter:
    """`kind`: its type, or its choices. `default`: None if it has none."""

    name: str
    kind: str
    is_required: bool
    default: tuple[object] | None
    description: str


@dataclass(frozen=True)
class InWords:
    """What the newest version does. `secrets`: the names of those that it uses."""

    definition: RunbookDefinition
    steps: Sequence[StepWords]
    finally_steps: Sequence[StepWords]
    parameters: Sequence[Parameter]
    secrets: Sequence[str]
    lock: str


def in_words(definition: RunbookDefinition) -> InWords:
    return InWords(
        definition=definition,
        steps=steps_in_words(definition.steps, definition.team),
        finally_steps=steps_in_words(definition.finally_steps, definition.team),
        parameters=parameters_of(definition.parameters),
        secrets=sorted(used_secrets(definition)),
        lock=lock_in_words(definition) if definition.lock is not None else "",
    )


def parameters_of(schema: Mapping[str, object]) -> list[Parameter]:
    needed = required(schema)
    return [
        Parameter(name, _kind(inner), name in needed, default_of(inner, schema), _description(inner))
        for name, inner in declared(schema).items()
    ]


def _kind(schema: object) -> str:
    if not isinstance(schema, Mapping):
        return "anything"
    choices = schema.get("enum")
    if isinstance(choices, list):
        return "one of " + ", ".join(map(str, choices))
    kind = schema.get("type")
    return " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind or "anything")


def _description(schema: object) -> str:
    return str(schema.get("description", "")) if isinstance(schema, Mapping) else ""


@dataclass(frozen=True)
class Drawn:
    """What the newest version does. `starts`: when it starts, a phrase each."""

    graph: Graph
    starts: Sequence[str]
    actions: Sequence[ActionWords]


def drawn(definition: WorkflowDefinition) -> Drawn:
    return Drawn(draw(definition), tuple(starts(definition)), actions_in_words(definition.actions))


def starts(definition: WorkflowDefinition) -> Iterator[str]:
    """Yield when it starts, and what bounds it."""
    trigger = definition.trigger
    if isinstance(trigger, Schedule):
        yield f"by the schedule `{trigger.cron}` in {trigger.timezone}, as planned maintenance"
    else:
        fields = trigger.model_dump(by_alias=True, exclude_none=True, exclude={"on"})
        yield f"on `{trigger.on}`" + "".join(f", {name} {value}" for name, value in fields.items())
    if definition.when is not None:
        yield f"only if `{definition.when}`"
    if definition.once_per_incident:
        yield "once per incident"
    if definition.timeout is not None:
        yield f"for at most {format_duration(definition.timeout)}"


@dataclass(frozen=True)
class DiffLine:
    """A line of a diff. `kind`: `added`, `removed`, `place` or `same`."""

    kind: str
    text: str


def diff_lines(diff: str) -> list[DiffLine]:
    """Return the lines of a unified diff without the two that name its sides, which the page's heading says."""
    return [DiffLine(KINDS.get(line[:1], "same"), line) for line in diff.split("\n")[2:-1]]
