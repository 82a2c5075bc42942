"""Everything that makes a message or a view, each with the values that it is called with.

A new card joins with one line in MAKERS; `test_completeness` fails until it does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bot.answers import sentence
from bot.cards import changes, definition_approval, plan
from bot.cards.blocks import Message, sections
from bot.cards.detail import detail
from bot.cards.gate import gate
from bot.cards.headline import headline
from bot.cards.incident import incident, timeline_lines
from bot.cards.input import input_card
from bot.cards.outcome import outcome
from bot.cards.plain import plain
from bot.cards.reminder import reminder
from bot.cards.report import export_blocks
from bot.cards.summary import summary
from bot.cards.verdict import verdict
from bot.modals import decision_form, form, opening, picker, run_form
from bot.modals.subjects import ForIncident, Subject
from core.decisions.gate_times import Prompt
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import StepDefinition
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.services.library.runnable import Runnable
from core.simulation.views import PlanView
from core.statuses import GateStatus, InputStatus, Status, WaitingFor
from core.views.executions import ApprovalView, ExecutionView, FreezeView, InputView, StepView
from core.views.incidents import IncidentReport, IncidentView, ProposalView, TimelineEntryView
from core.views.library import RunbookWithDiff, WorkflowWithDiff
from core.views.run_cards import CardFacts
from tests.blocks.checking import Shown
from tests.blocks.nasty import AUTHORED, ERRORS, TEXT
from tests.blocks.schemas import GIVEN, SCHEMAS
from tests.blocks.values import IDS, NAMES, NOW, values_of

ENDED = [status for status in Status if status not in (Status.SKIPPED, Status.UNKNOWN)]
STEPS = values_of(StepView)
EXECUTIONS = values_of(
    ExecutionView, steps=st.lists(STEPS, min_size=1, max_size=24), status=st.sampled_from(ENDED)
)
APPROVALS = values_of(ApprovalView)
KINDS_OF_ERROR = (InvalidInput, NotAllowed, NotFound, Conflict)
REFUSALS = st.builds(lambda kind, said: kind(said), st.sampled_from(KINDS_OF_ERROR), ERRORS)
INCIDENTS = values_of(ForIncident)
SUBJECTS = values_of(Subject)
STEP_DEFINITIONS = st.builds(
    lambda name, kind: StepDefinition.model_construct(id="step", name=name, type=kind),
    st.none() | TEXT,
    st.sampled_from(["http", "shell"]),
)
CHOSEN = st.builds(
    lambda steps, given, **values: run_form.Chosen(
        "rbk_1", 3, RunbookDefinition.model_construct(steps=steps, **values), given
    ),
    steps=st.lists(STEP_DEFINITIONS, min_size=1, max_size=40),
    given=INCIDENTS,
    name=NAMES,
    team=st.none() | NAMES,
    description=TEXT,
    parameters=SCHEMAS,
    lock=st.none() | TEXT,
    finally_steps=st.lists(STEP_DEFINITIONS, max_size=3),
)
FACTS = values_of(CardFacts)
PAGES = st.sampled_from(["", "https://runbook.example/runs/rbx_1"])
DIFFS = st.lists(TEXT, max_size=60).map(lambda lines: "".join(f"+{line}\n" for line in lines))
WITH_DIFF = values_of(RunbookWithDiff, diff=st.none() | DIFFS) | values_of(
    WorkflowWithDiff, diff=st.none() | DIFFS
)


@dataclass(frozen=True)
class Maker:
    """`make` is called with one value of each of `given`. `covers`: the functions that it stands for."""

    covers: tuple[Callable[..., Any], ...]
    make: Callable[..., Shown | None]
    given: Sequence[st.SearchStrategy[Any]]

    @property
    def name(self) -> str:
        return f"{self.covers[0].__module__}.{self.covers[0].__name__}"

    @property
    def values(self) -> st.SearchStrategy[Any]:
        return st.tuples(*self.given)


def message(made: Message) -> Shown:
    return Shown(made.text, made.blocks, metadata=made.metadata)


def optional(made: Message | None) -> Shown | None:
    return None if made is None else message(made)


def opened(approval: ApprovalView) -> ApprovalView:
    return approval.model_copy(update={"status": GateStatus.OPEN})


def reply(text: str, blocks: Sequence[Any]) -> Shown:
    return Shown(text, blocks)


def view(made: Mapping[str, object] | None) -> Shown | None:
    """None if the form does not fit into a view: then the command's words stand alone."""
    return None if made is None else Shown(view=dict(made))


def card(function: Callable[..., Message], *given: st.SearchStrategy[Any]) -> Maker:
    return Maker((function,), lambda *values: message(function(*values)), given)


def asked(execution: ExecutionView, attempt: int) -> Message:
    """A verdict that is still asked for."""
    step = execution.steps[0].model_copy(update={"status": Status.UNKNOWN, "attempt": attempt})
    waiting = {"waiting_for": WaitingFor.VERDICT, "steps": [step, *execution.steps[1:]]}
    return verdict(execution.model_copy(update=waiting), 0, attempt)


def open_gate(execution: ExecutionView, approval: ApprovalView, page: str) -> Message:
    return gate(execution, approval.model_copy(update={"status": GateStatus.OPEN}), page=page)


def open_input(execution: ExecutionView, asked: InputView, page: str) -> Message:
    return input_card(execution, asked.model_copy(update={"status": InputStatus.OPEN}), page=page)


def picked(incident: ForIncident, chooses: bool) -> list[Any]:
    return picker.picker_blocks(incident, picker.incident_option(incident), chooses_incident=chooses)


def offered(groups: list[Any]) -> Shown | None:
    """A menu with these options."""
    menu = {"type": "static_select", "action_id": "x", "option_groups": groups}
    return reply("A menu", [{"type": "actions", "elements": [menu]}]) if groups else None


def purpose(title: str, metadata: str) -> form.Purpose:
    return form.Purpose("run.form", title, "Run", metadata)


MAKERS: Sequence[Maker] = (
    Maker(
        (headline,),
        lambda run, facts, page: message(headline(run, facts, now=NOW, page=page)),
        (EXECUTIONS, FACTS, PAGES),
    ),
    Maker(
        (outcome,),
        lambda run, facts, page: message(outcome(run, facts, page=page)),
        (EXECUTIONS, FACTS, PAGES),
    ),
    Maker(
        (gate,), lambda run, asked, page: message(open_gate(run, asked, page)), (EXECUTIONS, APPROVALS, PAGES)
    ),
    Maker(
        (gate,), lambda run, asked, page: message(gate(run, asked, page=page)), (EXECUTIONS, APPROVALS, PAGES)
    ),
    card(asked, EXECUTIONS, st.integers(0, 9)),
    Maker((verdict,), lambda run: message(verdict(run, 0, 1)), (EXECUTIONS,)),
    card(detail, EXECUTIONS, st.lists(STEPS, min_size=1, max_size=8)),
    Maker(
        (input_card,), lambda *given: message(open_input(*given)), (EXECUTIONS, values_of(InputView), PAGES)
    ),
    Maker(
        (input_card,),
        lambda run, asked, page: message(input_card(run, asked, page=page)),
        (EXECUTIONS, values_of(InputView), PAGES),
    ),
    card(incident, values_of(IncidentView), st.none() | values_of(FreezeView)),
    Maker(
        (timeline_lines,),
        lambda entries: reply("Timeline", sections(timeline_lines(entries))),
        (st.lists(values_of(TimelineEntryView), max_size=10),),
    ),
    Maker(
        (incident,),
        lambda shown, proposed: message(incident(shown, proposed=proposed)),
        (
            values_of(IncidentView),
            st.lists(values_of(ProposalView), max_size=4, unique_by=lambda each: each.runbook_id),
        ),
    ),
    card(summary, values_of(IncidentReport)),
    Maker(
        (export_blocks,),
        lambda report, text: reply("The report", export_blocks(report, text)),
        (values_of(IncidentReport), TEXT),
    ),
    card(plain, AUTHORED),
    Maker((plain,), lambda text, run: message(plain(text, execution=run)), (AUTHORED, EXECUTIONS)),
    Maker(
        (plan.plan_blocks, plan.plan_text),
        lambda made: reply(plan.plan_text(made), plan.plan_blocks(made)),
        (values_of(PlanView),),
    ),
    Maker(
        (definition_approval.approval_card,),
        lambda made, diff: reply(
            *definition_approval.approval_card(
                made, definition_approval.Shown("runbook", "rbk_1", 3, "0" * 64), diff
            )
        ),
        (WITH_DIFF, DIFFS),
    ),
    Maker(
        (changes.changes_card, changes.diff_card),
        lambda made: reply("Changes", changes.changes_card(made, approve="`/runbook approve x`").blocks),
        (WITH_DIFF,),
    ),
    Maker(
        (form.refusal,),
        lambda title, said: view(form.refusal(title, sentence(said))),
        (NAMES, REFUSALS),
    ),
    Maker((sentence,), lambda said: reply(sentence(said), ()), (REFUSALS,)),
    Maker(
        (form.form_view,),
        lambda name, schema, given: view(form.form_view(purpose(name, "{}"), schema, given)),
        (NAMES, SCHEMAS, GIVEN),
    ),
    Maker(
        (run_form.run_form,),
        lambda chosen, subject, given: view(run_form.run_form(chosen, subject, given)),
        (CHOSEN, SUBJECTS, GIVEN),
    ),
    Maker((run_form.without_form,), lambda *given: view(run_form.without_form(*given)), (CHOSEN, TEXT)),
    Maker(
        (reminder,),
        lambda run, asked, prompt, page: optional(reminder(run, opened(asked), prompt, page=page)),
        (EXECUTIONS, APPROVALS, st.sampled_from(Prompt), PAGES),
    ),
    Maker(
        (decision_form.decision_form,),
        lambda run, subject: view(decision_form.decision_form(run, subject)),
        (EXECUTIONS, values_of(decision_form.Subject, gate=IDS, response_url=PAGES)),
    ),
    Maker((opening.loading,), lambda title: view(opening.loading(title)), (NAMES,)),
    Maker(
        (picker.picker_blocks, picker.incident_option),
        lambda incident, chooses: view(form.modal(picker.TITLE, picked(incident, chooses))),
        (INCIDENTS, st.booleans()),
    ),
    Maker(
        (picker.runbook_groups, picker.runbook_option),
        lambda found: offered(picker.runbook_groups(found)),
        (st.lists(values_of(Runnable), max_size=120),),
    ),
)
