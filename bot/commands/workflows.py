"""`workflow run` and `workflow list`: the workflows that people start themselves."""

from bot.cards.blocks import sections
from bot.cards.words import bounded, escape, one_line
from bot.commands.arguments import only_argument, optional_argument, usage_hint
from bot.commands.call import Command, CommandCall, Reply
from bot.commands.channel import channel_incident
from core.decisions.people import Person
from core.definitions.problems import nearest, one_of
from core.errors import InvalidInput
from core.service import Work
from core.services.execution_views import description_of
from core.services.workflow_starts import start_workflow_by_person
from core.services.workflows import find_workflow, visible_workflows
from core.tables import Workflow

MOST_LISTED = 100
DESCRIPTION_LENGTH = 120


def run(work: Work, person: Person, call: CommandCall) -> Reply:
    """Start it for the channel's incident."""
    name = only_argument(call, "workflow run NAME")
    incident = channel_incident(work, call)
    workflow = find_workflow(work, person, name)
    execution_id = start_workflow_by_person(work, person, workflow, incident, call.request_key)
    return Reply(
        f"▶️ The workflow {escape(workflow.name)} v{workflow.version} is asked for, for inc-{incident.number}. "
        f"Its id is {execution_id}."
    )


def list_(work: Work, person: Person, call: CommandCall) -> Reply:
    """What the person may see, with what starts it."""
    part = optional_argument(call, "workflow list [WORD]") or ""
    found = [row for row in visible_workflows(work, person) if part.lower() in row.name]
    if not found:
        return Reply(f"No workflow's name has {escape(part)}." if part else "There are no workflows yet.")
    lines = [_line(row) for row in found[:MOST_LISTED]]
    if len(found) > MOST_LISTED:
        lines.append(f"… {len(found) - MOST_LISTED} more")
    text = f"{len(found)} workflows: {', '.join(escape(row.name) for row in found[:MOST_LISTED])}"
    return Reply(bounded(text, 1_000), tuple(sections(lines)))


def _line(row: Workflow) -> str:
    description = bounded(escape(one_line(description_of(row.definition))), DESCRIPTION_LENGTH)
    owner = f"team {escape(row.team.name)}" if row.team else "global"
    told = " · ".join(filter(None, (owner, _state(row), escape(row.quarantine or ""), description)))
    return f"• *{escape(row.name)}* · {told}"


def _state(row: Workflow) -> str:
    if row.enabled:
        return escape(row.trigger_on)
    return "*under quarantine, disabled*" if row.quarantine else "*disabled*"


VERBS = {
    verb.name: verb
    for verb in (
        Command("run", "NAME", "start a workflow by hand", run),
        Command("list", "[WORD]", "the workflows that you may see", list_),
    )
}


def workflow(work: Work, person: Person, call: CommandCall) -> Reply:
    """Pass on to the verb. Without one: the list."""
    if not call.arguments:
        return list_(work, person, call)
    typed = call.arguments[0].text.lower()
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
        "workflow", "run NAME | list", "start a workflow for this channel's incident, or list them", workflow
    ),
)
