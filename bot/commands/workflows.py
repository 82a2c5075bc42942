"""`workflow`: starting the workflows that people start themselves, and what there is to read about any."""

from bot.cards.blocks import Confirm, actions, button, section
from bot.cards.words import escape
from bot.commands import workflow_library
from bot.commands.call import Command, CommandCall, Reply, only_argument, usage_hint
from bot.commands.channel import channel_incident
from core.decisions.people import Person
from core.definitions.problems import nearest, one_of
from core.errors import InvalidInput
from core.services.library.workflows import find_workflow
from core.services.runs.control import cancel_workflow
from core.services.starts.workflow_starts import start_workflow_by_person
from core.statuses import Status
from core.unit_of_work import UnitOfWork


def run(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Start it for the channel's incident."""
    name = only_argument(call, "workflow run NAME")
    incident = channel_incident(work, call)
    workflow = find_workflow(work, person, name)
    execution_id = start_workflow_by_person(work, person, workflow, incident, call.request_key)
    said = (
        f"▶️ The workflow {escape(workflow.name)} v{workflow.approved_version} is asked for, for inc-{incident.number}. "
        f"Its id is {execution_id}."
    )
    stop = button("workflow.cancel", "Cancel workflow", execution_id, confirm=ASK)
    return Reply(said, (section(said), actions([stop], block_id=f"workflow.{execution_id}")))


def cancel(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """What it has started goes on, unless that is to end too."""
    words = [word.text for word in call.arguments]
    if len(words) not in (1, 2) or words[1:] not in ([], [WITH_RUNS]):
        raise InvalidInput("Which one?", hint=usage_hint(call, CANCEL))
    row, runs = cancel_workflow(work, person, words[0], with_runs=len(words) == 2)
    is_over = row.status == Status.CANCELLED
    done = "is cancelled" if is_over else "is being cancelled: the action that runs now is stopped"
    return Reply(f"🚫 The workflow {escape(row.workflow_name)} {done}. {_of_runs(runs, len(words) == 2)}")


def _of_runs(cancelled: int, with_runs: bool) -> str:
    if not with_runs:
        return f"What it has started goes on; `{WITH_RUNS}` behind the id cancels that, too."
    return (
        "It had started nothing that still ran."
        if not cancelled
        else f"So is what it had started: {cancelled}."
    )


CANCEL, WITH_RUNS = "workflow cancel ID [and-runs]", "and-runs"
ASK = Confirm(
    "Cancel this workflow?", "No further action starts. What it has started goes on.", "Cancel workflow"
)

VERBS = {
    verb.name: verb
    for verb in (
        Command("run", "NAME", "start a workflow by hand", run),
        Command("cancel", "ID [and-runs]", "stop what a workflow does", cancel),
        *workflow_library.COMMANDS,
    )
}


def workflow(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
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
        "run NAME | cancel ID | list [WORD] | show NAME | history NAME | approve NAME | deprecate NAME",
        "start a workflow for this incident, read what there is, decide about it",
        workflow,
    ),
)
