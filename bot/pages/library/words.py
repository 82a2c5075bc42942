"""What definitions do, in words: steps and actions in order, what each sends, who approves, how it may end. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.actions.runbook import RunbookAction
from core.decisions.approval_policy import describe_approvers
from core.definitions.actions import ActionDefinition
from core.definitions.durations import format_duration
from core.definitions.fields import Poll, Retry
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import StepDefinition
from core.definitions.templates import is_template
from core.execution.preview import COMMON, as_written
from core.steps.approval import ApprovalStep
from core.steps.http import HttpStep
from core.steps.runbook import RunbookStep
from core.steps.wait import WaitStep
from core.values.execution import Json

OF_THE_INCIDENT = "the incident's team"
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
        written=None if lists or isinstance(step, ApprovalStep | WaitStep) else _written(step),
        lists=lists,
        runbooks=step.child_runbooks if not lists else (),
    )


def _written(step: StepDefinition) -> Json:
    written = as_written(step)
    assert isinstance(written, dict), "a step is a mapping"
    method = {"method": step.method} if isinstance(step, HttpStep) else {}
    return {**method, **{name: value for name, value in written.items() if name not in IN_WORDS}} or None


def _said(step: StepDefinition, team: str | None) -> str:
    match step:
        case ApprovalStep():
            return _gate(step, team)
        case WaitStep():
            return f"Wait {format_duration(step.duration)}."
        case RunbookStep(foreach=None, runbook=str(name)):
            return f"Run the runbook {name}, and wait for its end."
        case RunbookStep(foreach=str(items)):
            return f"For each of `{items}`, {step.concurrency} at a time:"
    return first_sentence(type(step).__doc__ or "")


def _gate(step: ApprovalStep, team: str | None) -> str:
    policy = step.approvers.policy(team or OF_THE_INCIDENT)
    needed = "approval" if policy.count == 1 else f"{policy.count} approvals"
    limit = f", at most {format_duration(step.expires)}" if step.expires else ""
    others = " Whoever requested the run may approve it, too." if step.allow_requester else ""
    who = describe_approvers(policy).replace(f"team {OF_THE_INCIDENT}", OF_THE_INCIDENT)
    return f"Wait for {needed} by {who}{limit}.{others}"


def first_sentence(text: str) -> str:
    """Return the first sentence of a type's description."""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return f"{paragraph.partition('. ')[0].rstrip('.:')}."


def _details(step: StepDefinition) -> Iterator[str]:
    if step.condition is not None:
        yield f"only if `{step.condition}`"
    if isinstance(step, ApprovalStep) and step.message:
        yield f"tells them: {step.message}"
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
    written = action.model_dump(mode="json", exclude_unset=True, exclude=set(COMMON))
    runbook = action.runbook if isinstance(action, RunbookAction) else ""
    return ActionWords(
        id=action.id,
        type=action.type,
        said=first_sentence(type(action).__doc__ or ""),
        details=tuple(_bounds(action)),
        written=None if branches else written or None,
        branches=branches,
        runbook="" if is_template(runbook) else runbook,
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
