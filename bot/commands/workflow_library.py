"""`workflow list`, `workflow show` and `workflow history`: the workflows that there are."""

from collections.abc import Iterator

from bot.cards.blocks import sections
from bot.cards.changes import workflow_changes_card
from bot.cards.words import bounded, code, escape
from bot.commands.arguments import only_argument
from bot.commands.call import Command, CommandCall, Reply
from bot.commands.listed import list_reply
from bot.commands.versions import history_reply
from core.actions.runbook import RunbookAction
from core.decisions.people import Person
from core.decisions.quarantine import UNTIL_ENABLED
from core.definitions.arms import Placed
from core.definitions.durations import format_duration
from core.definitions.triggers import Manual, Trigger
from core.definitions.workflow import WorkflowDefinition
from core.service import Work
from core.services.history import view_workflow_with_diff
from core.services.shelves import WORKFLOWS
from core.services.workflow_starts import definition_of
from core.services.workflows import find_workflow, visible_workflows
from core.tables import Workflow

CONDITION_LENGTH = 500
MOST_ACTIONS = 30


def list_(work: Work, person: Person, call: CommandCall) -> Reply:
    """What the person may see, with what starts it."""
    return list_reply(call, WORKFLOWS, visible_workflows(work, person), _standing)


def _standing(row: Workflow) -> str:
    owner = f"team {escape(row.team.name)}" if row.team else "global"
    if row.enabled:
        return f"{owner} · {escape(row.trigger_on)}"
    return f"{owner} · *{'under quarantine, disabled' if row.quarantine else 'disabled'}*"


def show(work: Work, person: Person, call: CommandCall) -> Reply:
    """What starts a workflow, what it does, and of a disabled one what it changes in the one that was enabled."""
    row = find_workflow(work, person, only_argument(call, "workflow show NAME"))
    definition = definition_of(row)
    lines = [
        f"*{escape(row.name)}* v{row.version} · {_standing(row)}",
        *([f"{escape(row.quarantine)} {UNTIL_ENABLED}"] if row.quarantine else []),
        *([escape(definition.description.strip())] if definition.description.strip() else []),
        *_start_lines(call, definition),
        "Actions:",
        *_action_lines(definition),
    ]
    changes = workflow_changes_card(view_workflow_with_diff(work, row))
    text = "\n".join([*lines, *changes.lines])
    return Reply(bounded(text, 3_000), (*sections(lines), *changes.blocks))


def _start_lines(call: CommandCall, definition: WorkflowDefinition) -> Iterator[str]:
    """What starts it, where, how often, and how long it may take: one line each, where it says so."""
    yield _trigger_line(call, definition.trigger, definition.name)
    if definition.when is not None:
        yield f"Only where {code(definition.when, CONDITION_LENGTH)}"
    if definition.once_per_incident:
        yield "Once for an incident"
    if definition.timeout is not None:
        yield f"May take {format_duration(definition.timeout)}"


def _trigger_line(call: CommandCall, trigger: Trigger, name: str) -> str:
    if isinstance(trigger, Manual):
        return f"Start it: `{call.command} workflow run {escape(name)}`"
    said = trigger.model_dump(by_alias=True, exclude_none=True, exclude={"on"})
    told = "".join(f", {field} {escape(str(value))}" for field, value in said.items())
    return f"Starts by itself: {escape(trigger.on)}{told}"


def _action_lines(definition: WorkflowDefinition) -> Iterator[str]:
    """Those of a branch behind it, with the way that leads to them."""
    number = 0
    for placed in definition.placed[:MOST_ACTIONS]:
        number += placed.arm is None
        yield f"{_place(placed, number)} {escape(placed.action.id)} ({_kind(placed)})"
    more = len(definition.placed) - MOST_ACTIONS
    if more > 0:
        yield f"… {more} more"


def _place(placed: Placed, number: int) -> str:
    if placed.arm is None:
        return f"{number}."
    # An index into `actions`, then an arm's name and an index for each branch.
    depth = len(placed.path) // 2 - 1
    return f"{'↳ ' * depth}{placed.arm.name}:"


def _kind(placed: Placed) -> str:
    """A runbook's name is what people know it by."""
    action = placed.action
    of = f" {action.runbook}" if isinstance(action, RunbookAction) else ""
    return escape(f"{action.type}{of}")


def history(work: Work, person: Person, call: CommandCall) -> Reply:
    """Who wrote, enabled, disabled it, newest first."""
    row = find_workflow(work, person, only_argument(call, "workflow history NAME"))
    return history_reply(work, WORKFLOWS, row)


COMMANDS = (
    Command("list", "[WORD]", "the workflows that you may see", list_),
    Command("show", "NAME", "what starts a workflow, and what it does", show),
    Command("history", "NAME", "who wrote, enabled and disabled a workflow", history),
)
