"""What definitions do, in words: steps and actions in order, what each sends, who approves, how it may end. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from core.definitions.actions import ActionDefinition
from core.definitions.durations import format_duration
from core.definitions.fields import Poll, Retry
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import OWN_TEAM, StepDefinition
from core.definitions.type_registry import first_sentence
from core.values.execution import Json

log = structlog.get_logger()
IN_WORDS = frozenset({"poll", "expect", "save"})  # what `_details` says of a step


@dataclass(frozen=True)
class StepList:
    """Steps that child runs take. `label`: of which of the lists it is; empty for a step's only one."""

    label: str
    steps: Sequence["StepWords"]


@dataclass(frozen=True)
class StepWords:
    """A step. `said`: what it does, in one of our sentences. `written`: what it sends, as its author wrote it.

    `details`: on what it depends and how it may end, a phrase each. `runbooks`: those that it runs.
    """

    id: str
    title: str
    type: str
    said: str
    details: Sequence[str]
    written: Json
    lists: Sequence[StepList]
    runbooks: Sequence[str]


def steps_in_words(steps: Sequence[StepDefinition], team: str | None) -> list[StepWords]:
    """Return the steps in their order. `team`: the runbook's, whose members approve unless a gate says otherwise."""
    return [_words(step, team) for step in steps]


def _words(step: StepDefinition, team: str | None) -> StepWords:
    lists = [
        StepList(str(path[-1]) if len(path) > 1 else "", steps_in_words(inner, team))
        for path, inner in step.inner_steps
    ]
    return StepWords(
        id=step.id,
        title=step.name or step.id,
        type=step.type,
        said=_said(step, team),
        details=tuple(_details(step)),
        written=None if lists or step.words_say_all else _written(step),
        lists=lists,
        runbooks=step.child_runbooks if not lists else (),
    )


def _written(step: StepDefinition) -> Json:
    told = IN_WORDS | {"message"} if step.waits_for_people else IN_WORDS
    return {name: value for name, value in step.as_written().items() if name not in told} or None


def _own_words(part: StepDefinition | ActionDefinition) -> str:
    """Return what the type says of itself. A third party's may fail, and its definition's page must not."""
    try:
        return str(part.in_words())
    except Exception:
        log.exception("a type cannot say what it does", type=part.type)
        return first_sentence(type(part))


def _said(step: StepDefinition, team: str | None) -> str:
    return _own_words(step).replace(f"team {OWN_TEAM}", f"team {team}" if team else "the incident's team")


def _details(step: StepDefinition) -> Iterator[str]:
    if step.condition is not None:
        yield f"only if `{step.condition}`"
    if step.waits_for_people and (message := getattr(step, "message", None)):
        yield f"tells them: {message}"
    if (expect := getattr(step, "expect", None)) is not None:
        yield f"succeeds if `{expect}`"
    if saved := getattr(step, "save", None):
        yield f"saves {', '.join(f'`{name}`' for name in saved)} for later steps"
    if step.poll is not None:
        yield _polls(step.poll)
    if step.retry is not None and (step.retry.safe or not step.touches_outside):
        yield _retries(step.retry)
    if step.timeout is not None:
        yield f"takes at most {format_duration(step.timeout)}"
    if step.on_failure == "continue":
        yield "the run continues even if it fails"


def _polls(poll: Poll) -> str:
    until = f"`{poll.until}`" if poll.until else "it succeeds"
    return (
        f"checked every {format_duration(poll.every)}, for up to {format_duration(poll.limit)}, until {until}"
    )


def _retries(retry: Retry) -> str:
    return f"tried up to {retry.attempts} times" if retry.attempts > 1 else "tried once"


def lock_in_words(definition: RunbookDefinition) -> str:
    """Return what becomes of a run while another one holds the lock."""
    meanwhile = "is refused" if definition.on_conflict == "reject" else "waits for its turn"
    return f"While another run holds it, a run {meanwhile}."


@dataclass(frozen=True)
class ActionWords:
    """An action. `branches`: the lists of a branch, by name. `runbook`: the one that it starts, if any."""

    id: str
    type: str
    said: str
    details: Sequence[str]
    written: Json
    branches: Sequence[tuple[str, Sequence["ActionWords"]]]
    runbook: str


def actions_in_words(actions: Sequence[ActionDefinition]) -> list[ActionWords]:
    """Return the actions in their order, those of a branch within it."""
    return [_action(each) for each in actions]


def _action(action: ActionDefinition) -> ActionWords:
    branches = [(name, actions_in_words(inner)) for name, inner in action.branches().items() if inner]
    return ActionWords(
        id=action.id,
        type=action.type,
        said=_own_words(action),
        details=tuple(_bounds(action)),
        written=None if branches else action.as_written() or None,
        branches=branches,
        runbook=action.runbook_to_start() or "",
    )


def _bounds(action: ActionDefinition) -> Iterator[str]:
    if action.condition is not None:
        yield f"only if `{action.condition}`" if not action.branches() else f"decided by `{action.condition}`"
    if action.retry is not None and (action.retry.safe or not action.touches_outside):
        yield _retries(action.retry)
    if action.timeout is not None:
        yield f"takes at most {format_duration(action.timeout)}"
    if action.on_failure == "continue":
        yield "the workflow continues even if it fails"
