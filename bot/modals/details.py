"""The details of a run that did not succeed: what its failed steps were asked, and what they answered."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.cards.blocks import Block, context, section
from bot.cards.changes import request_text
from bot.cards.detail import output_lines
from bot.cards.ending import why
from bot.cards.limits import SECTION_TEXT
from bot.cards.steps import FAILED, step_title
from bot.cards.words import (
    SYMBOLS,
    bounded,
    code_block,
    duration,
    escape,
    escape_sentence,
    link,
    one_line,
    status_words,
)
from bot.modals.form import View, modal
from bot.pages.links import RunLinks
from core.services.access.people import load_person
from core.services.runs.finding import find_execution
from core.services.views.reading import view_execution
from core.statuses import Status
from core.unit_of_work import UnitOfWorkFactory
from core.views.executions import ExecutionView, StepView

DETAILS = "run.details"
MOST_STEPS = 8
CODE_LENGTH, ERROR_LENGTH = 2_600, 1_500


@dataclass(frozen=True)
class Details:
    """The view, and a sentence that takes its place if Slack does not open it."""

    view: View
    elsewhere: str


def run_details(unit_of_work: UnitOfWorkFactory, execution_id: str, user_id: str, links: RunLinks) -> Details:
    """Return the details of a run. Raises NotFound, also if the person may not see it."""
    with unit_of_work.begin() as work:
        person = load_person(work, user_id, source="slack")
        row = find_execution(work, person, execution_id)
        return details(view_execution(work, row), links.page(row.id))


def details(execution: ExecutionView, page: str = "") -> Details:
    """Return the details, from the state in the database: secrets were masked before it was stored."""
    shown = [step for step in execution.steps if step.status in FAILED | {Status.UNKNOWN}]
    lead = f"{SYMBOLS[execution.status]} *{escape(execution.runbook)}* v{execution.runbook_version} "
    lead += status_words(execution.status, execution.waiting_for)
    taken = duration(execution.started_at, execution.finished_at)
    lead += f" in {taken}" if taken else ""
    blocks = [
        section(lead if shown else f"{lead}\n{why(execution)}"),
        *(block for step in shown[:MOST_STEPS] for block in _step_blocks(step)),
    ]
    if len(shown) > MOST_STEPS:
        blocks.append(context(f"… {len(shown) - MOST_STEPS} more failed steps"))
    where = _whole(execution, page)
    return Details(
        modal(execution.runbook, [*blocks, context(where)]), f"The details cannot be shown. {where}"
    )


def _whole(execution: ExecutionView, page: str) -> str:
    if page:
        return f"Everything is on the {link(page, f'page of run {execution.id}')}."
    return f"Everything about it: `runbook status {escape(execution.id)} --json` in a terminal."


def _step_blocks(step: StepView) -> Iterable[Block]:
    taken = duration(step.started_at, step.finished_at)
    parts = [f"{SYMBOLS[step.status]} *{step_title(step)}*", step.type, status_words(step.status), taken]
    lines = [" · ".join(part for part in parts if part)]
    if step.error:
        lines.append(bounded(escape_sentence(one_line(step.error)), ERROR_LENGTH))
    yield section("\n".join(lines))
    if step.request is not None:
        yield section(f"What was asked:\n{code_block(request_text(step.request), CODE_LENGTH)}")
    answered = output_lines(step, CODE_LENGTH)
    if answered:
        yield section(bounded("\n".join(["What it answered:", *answered]), SECTION_TEXT))
