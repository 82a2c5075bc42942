"""`workflow`: starting the workflows that people start themselves, and what there is to read about any."""

from bot.cards.words import escape
from bot.commands import workflow_library
from bot.commands.arguments import only_argument, usage_hint
from bot.commands.call import Command, CommandCall, Reply
from bot.commands.channel import channel_incident
from core.decisions.people import Person
from core.definitions.problems import nearest, one_of
from core.errors import InvalidInput
from core.service import Work
from core.services.workflow_starts import start_workflow_by_person
from core.services.workflows import find_workflow


def run(work: Work, person: Person, call: CommandCall) -> Reply:
    """Start it for the channel's incident."""
    name = only_argument(call, "workflow run NAME")
    incident = channel_incident(work, call)
    workflow = find_workflow(work, person, name)
    execution_id = start_workflow_by_person(work, person, workflow, incident, call.request_key)
    return Reply(
        f"▶️ The workflow {escape(workflow.name)} v{workflow.approved_version} is asked for, for inc-{incident.number}. "
        f"Its id is {execution_id}."
    )


VERBS = {
    verb.name: verb
    for verb in (
        Command("run", "NAME", "start a workflow by hand", run),
        *workflow_library.COMMANDS,
    )
}


def workflow(work: Work, person: Person, call: CommandCall) -> Reply:
    """Pass on to the verb. Without one: the list."""
    typed = call.first.lower()
    if not typed:
        return workflow_library.list_(work, person, call)
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
        "run NAME | list [WORD] | show NAME | history NAME | approve NAME | deprecate NAME",
        "start a workflow for this incident, read what there is, decide about it",
        workflow,
    ),
)
