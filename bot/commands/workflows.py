"""`workflow`: start and cancel workflows by hand, and read the workflow library."""

from bot.cards.blocks import Confirm, actions, button, section
from bot.cards.words import counted, escape
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


CANCEL, WITH_RUNS = "workflow cancel ID [and-runs]", "and-runs"
ASK = Confirm(
    "Cancel this workflow?", "No further action starts. The runs that it started continue.", "Cancel workflow"
)

VERBS = {
    verb.name: verb
    for verb in (
        Command("run", "NAME", "start a workflow by hand", run),
        Command("cancel", "ID [and-runs]", "cancel a workflow: no further action starts", cancel),
        *workflow_library.COMMANDS,
    )
}


def workflow(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Call the verb's handler; without a verb, list the workflows."""
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
        "start a workflow for this incident, or read and approve workflows",
        workflow,
    ),
)
