"""`workflow`: start and cancel workflows by hand; list, show, approve and deprecate those in the library."""

from collections.abc import Iterator

from bot.cards.blocks import Confirm, actions, button, section, sections
from bot.cards.words import bounded, code, counted, escape, moment
from bot.commands.call import Command, CommandCall, Reply, only_argument, usage_hint
from bot.commands.channel import channel_incident
from bot.commands.listed import list_reply
from bot.commands.versions import (
    APPROVE,
    DEPRECATE,
    approval_reply,
    deprecation_reply,
    draft_changes,
    history_reply,
)
from core.actions.runbook import RunbookAction
from core.decisions.people import Person
from core.decisions.quarantine import UNTIL
from core.definitions.actions import FlattenedAction
from core.definitions.durations import format_duration
from core.definitions.problems import nearest, one_of
from core.definitions.workflow import Manual, Schedule, Trigger, WorkflowDefinition
from core.errors import InvalidInput
from core.services.library.kinds import WORKFLOWS
from core.services.library.workflows import definition_of, find_workflow, visible_workflows
from core.services.runs.control import cancel_workflow
from core.services.starts.workflow_starts import start_workflow_by_person
from core.statuses import ApprovalStatus, Status
from core.tables import Workflow
from core.unit_of_work import UnitOfWork

CONDITION_LENGTH = 500
MOST_ACTIONS = 30


def run(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Start a workflow for the channel's incident."""
    name = only_argument(call, "workflow run NAME")
    incident = channel_incident(work, call)
    workflow = find_workflow(work, person, name)
    execution_id = start_workflow_by_person(work, person, workflow, incident, call.request_key)
    said = (
        f"▶️ Workflow {escape(workflow.name)} v{workflow.approved_version} requested "
        f"for inc-{incident.number} ({execution_id})."
    )
    stop = button("workflow.cancel", "Cancel workflow", execution_id, confirm=ASK)
    return Reply(said, (section(said), actions([stop], block_id=f"workflow.{execution_id}")))


def cancel(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Cancel a workflow execution. The runs that it started continue, unless `and-runs` is typed."""
    words = [word.text for word in call.arguments]
    if len(words) not in (1, 2) or words[1:] not in ([], [WITH_RUNS]):
        raise InvalidInput("The id of one workflow execution is needed.", hint=usage_hint(call, CANCEL))
    row, runs = cancel_workflow(work, person, words[0], with_runs=len(words) == 2)
    is_over = row.status == Status.CANCELLED
    done = "is cancelled" if is_over else "is being cancelled: the running action is being stopped"
    return Reply(f"🚫 Workflow {escape(row.workflow_name)} {done}. {_about_runs(runs, len(words) == 2)}")


def _about_runs(cancelled: int, with_runs: bool) -> str:
    if not with_runs:
        return f"The runs that it started continue; add `{WITH_RUNS}` after the id to cancel them, too."
    if not cancelled:
        return "None of the runs that it started was still active."
    return f"{counted(cancelled, 'run')} that it started {'is' if cancelled == 1 else 'are'} being cancelled, too."


def list_(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """List the workflows that the person may see, with their triggers."""
    return list_reply(call, WORKFLOWS, visible_workflows(work, person), _standing)


def _standing(row: Workflow) -> str:
    """Return the owner and the trigger; why it does not start; and the version in force if it is not the newest."""
    owner = f"team {escape(row.team.name)}" if row.team else "global"
    if row.in_force is None:
        return f"{owner} · *{'under quarantine' if row.quarantine else row.status}, does not start*"
    started = (
        f"{owner} · {escape(row.trigger_on or '')}{_next(row)}" if row.enabled else f"{owner} · *disabled*"
    )
    is_newest = row.status == ApprovalStatus.APPROVED
    return (
        started if is_newest else f"{started} · v{row.approved_version} in force, v{row.version} {row.status}"
    )


def _next(row: Workflow) -> str:
    return "" if row.next_at is None else f", next {moment(row.next_at, '{date_short_pretty} {time}')}"


def show(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show a workflow's trigger and actions, and for a draft its changes from the approved version."""
    row = find_workflow(work, person, only_argument(call, "workflow show NAME"))
    definition = definition_of(row)
    lines = [
        f"*{escape(row.name)}* v{row.version} · {_standing(row)}",
        *([f"{escape(row.quarantine)} {UNTIL}"] if row.quarantine else []),
        *([escape(definition.description.strip())] if definition.description.strip() else []),
        *_start_lines(call, definition),
        "Actions:",
        *_action_lines(definition),
    ]
    changes = draft_changes(work, call, row, "workflow approve")
    text = "\n".join([*lines, *changes.lines])
    return Reply(bounded(text, 3_000), (*sections(lines), *changes.blocks))


def _start_lines(call: CommandCall, definition: WorkflowDefinition) -> Iterator[str]:
    """Yield one line each for the trigger and, if they are set, the condition, `once_per_incident` and the timeout."""
    yield _trigger_line(call, definition.trigger, definition.name)
    if definition.when is not None:
        yield f"Only if {code(definition.when, CONDITION_LENGTH)}"
    if definition.once_per_incident:
        yield "Once per incident"
    if definition.timeout is not None:
        yield f"Timeout {format_duration(definition.timeout)}"


def _trigger_line(call: CommandCall, trigger: Trigger, name: str) -> str:
    if isinstance(trigger, Manual):
        return f"Start it: `{call.command} workflow run {escape(name)}`"
    if isinstance(trigger, Schedule):
        return f"Starts automatically: {code(trigger.cron)} in {escape(trigger.timezone)}, as planned maintenance"
    fields = trigger.model_dump(by_alias=True, exclude_none=True, exclude={"on"})
    details = "".join(f", {field} {escape(str(value))}" for field, value in fields.items())
    return f"Starts automatically: {escape(trigger.on)}{details}"


def _action_lines(definition: WorkflowDefinition) -> Iterator[str]:
    """Yield one line for each action; those in a branch follow it, indented, with the branch's name."""
    number = 0
    for placed in definition.placed[:MOST_ACTIONS]:
        number += placed.branch is None
        yield f"{_place(placed, number)} {escape(placed.action.id)} ({_kind(placed)})"
    more = len(definition.placed) - MOST_ACTIONS
    if more > 0:
        yield f"… {more} more"


def _place(placed: FlattenedAction, number: int) -> str:
    if placed.branch is None:
        return f"{number}."
    # The path is an index into `actions`, then a name and an index for each branch.
    depth = len(placed.path) // 2 - 1
    return f"{'↳ ' * depth}{placed.branch.name}:"


def _kind(placed: FlattenedAction) -> str:
    """Return the action's type, with the runbook's name if it runs one."""
    action = placed.action
    of = f" {action.runbook}" if isinstance(action, RunbookAction) else ""
    return escape(f"{action.type}{of}")


def history(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show who wrote, approved, enabled and disabled it, newest first."""
    row = find_workflow(work, person, only_argument(call, "workflow history NAME"))
    return history_reply(work, WORKFLOWS, row)


def approve(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show a workflow's newest version, with the button that approves it."""
    return approval_reply(work, person, call, WORKFLOWS, f"workflow {APPROVE}")


def deprecate(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Deprecate a workflow, so that it can no longer start."""
    return deprecation_reply(work, person, call, WORKFLOWS, f"workflow {DEPRECATE}")


CANCEL, WITH_RUNS = "workflow cancel ID [and-runs]", "and-runs"
ASK = Confirm(
    "Cancel this workflow?", "No further action starts. The runs that it started continue.", "Cancel workflow"
)

VERBS = {
    verb.name: verb
    for verb in (
        Command("run", "NAME", "start a workflow by hand", run),
        Command("cancel", "ID [and-runs]", "cancel a workflow: no further action starts", cancel),
        Command("list", "[WORD]", "list the workflows that you may see", list_),
        Command("show", "NAME", "show what starts a workflow, and what it does", show),
        Command("history", "NAME", "show who wrote, approved, enabled and disabled a workflow", history),
        Command("approve", "NAME [vVERSION]", "show a workflow's newest version, to approve it", approve),
        Command("deprecate", "NAME [REASON]", "stop a workflow from starting", deprecate),
    )
}


def workflow(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Call the verb's handler; without a verb, list the workflows."""
    typed = call.first.lower()
    if not typed:
        return list_(work, person, call)
    verb = VERBS.get(typed)
    if verb is None:
        usage = usage_hint(call, "workflow run NAME")
        raise InvalidInput(
            f"There is no `workflow {typed}`.",
            hint=f"Use {one_of(nearest(typed, VERBS) or list(VERBS))}. {usage}",
        )
    return verb.handle(work, person, call.behind_first())


COMMANDS = (
    Command(
        "workflow",
        "run NAME | cancel ID | list [WORD] | show NAME | history NAME | approve NAME | deprecate NAME",
        "start a workflow for this incident, or read and approve workflows",
        workflow,
    ),
)
