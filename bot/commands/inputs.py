"""`answer`: enter the values that a run asks for."""

from dataclasses import dataclass, field

from bot.answers import sentence
from bot.cards.words import escape
from bot.commands.call import Command, CommandCall, Reply, usage_hint
from bot.commands.usage import usage_of
from bot.modals.form import View
from bot.modals.input_form import input_form
from core.decisions.people import Person
from core.definitions.parameters import Schema, parse_key_values
from core.errors import InvalidInput
from core.services.runs.inputs import Which, answer_input, find_input_of_run
from core.tables import InputRequest, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Json

USAGE = "ID key=value…"


@dataclass
class _Typed:
    """The words after the run's id. `schema`: by which they were read, once they were."""

    words: list[str]
    schema: Schema = field(default_factory=dict)

    def read(self, schema: Schema) -> dict[str, Json]:
        self.schema = schema
        return parse_key_values(self.words, schema)


def answer(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Answer with the values that were typed. If there are none, or some are missing, show the form."""
    if not call.arguments:
        raise InvalidInput("The run's id is missing.", hint=usage_hint(call, f"answer {USAGE}"))
    first, *rest = (word.text for word in call.arguments)
    asked = find_input_of_run(work, person, first, Which(request_key=call.request_key))
    hint = f"Type: `{call.command} answer {asked.execution_id} {usage_of(asked.schema)}`"
    if not rest:
        return Reply(hint, form=input_form(work, person, asked, {}))
    typed = _Typed(rest)
    try:
        answer_input(work, person, asked, typed.read, request_key=call.request_key)
    except InvalidInput as error:
        refused = InvalidInput(str(error), hint=hint, field=error.field)
        form = _form(work, person, asked, typed, error)
        if form is None:
            raise refused from error
        return Reply(sentence(refused), form=form)
    run = work.session.get_one(RunbookExecution, asked.execution_id)
    return Reply(f"📝 {escape(run.runbook_name)} has the values and continues ({run.id}).")


def _form(
    work: UnitOfWork, person: Person, asked: InputRequest, typed: _Typed, error: InvalidInput
) -> View | None:
    """Return the form if missing values are the only problem; otherwise None."""
    try:
        given = parse_key_values(typed.words, typed.schema)
    except InvalidInput:
        return None
    wrong = {getattr(problem, "field", "") for problem in error.problems}
    return None if wrong & given.keys() else input_form(work, person, asked, given)


COMMANDS = (Command("answer", USAGE, "enter the values that a run asks for", answer),)
