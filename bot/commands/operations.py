"""`retry`, `stats`, `freeze` and `unfreeze`: operating what runs."""

from bot.cards.words import code, escape, moment, seconds_words
from bot.commands.call import Command, CommandCall, Reply, only_argument, optional_argument, usage_hint
from core.decisions.freeze import check_may_freeze
from core.decisions.people import Person
from core.errors import InvalidInput, NotFound
from core.services.access.people import find_team
from core.services.analytics.figures import analyse_runbook, analyse_workflow, find_analysed_workflow
from core.services.freezes import declaring
from core.services.library.runbooks import find_runbook
from core.services.runs import retries
from core.unit_of_work import UnitOfWork
from core.views.records import AnalyticsView, PercentilesView

RETRY_USAGE = "retry ID [--from STEP]"


def retry(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """A new execution that goes on where one ended; the channel is told by the poster."""
    execution_id, from_step = _retry_arguments(call)
    row = retries.retry(work, person, execution_id, from_step=from_step, request_key=call.request_key)
    return Reply(
        f"🔁 {escape(row.runbook_name)} v{row.runbook_version} goes on as {row.id}, a retry of {row.retry_of}."
    )


def _retry_arguments(call: CommandCall) -> tuple[str, str | None]:
    """Raises InvalidInput, with the right usage, for anything but an id and perhaps `--from STEP`."""
    match [word.text for word in call.arguments]:
        case [execution_id]:
            return execution_id, None
        case [execution_id, "--from", step] | ["--from", step, execution_id]:
            return execution_id, step
        case []:
            raise InvalidInput("Which run?", hint=usage_hint(call, RETRY_USAGE))
        case _:
            raise InvalidInput("That is not what this takes.", hint=usage_hint(call, RETRY_USAGE))


def stats(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """How a runbook does, or a workflow where no runbook has the name."""
    name = only_argument(call, "stats NAME")
    return Reply("\n".join([f"*{escape(name)}*", *_stats_lines(_analyse(work, person, name))]))


def _analyse(work: UnitOfWork, person: Person, name: str) -> AnalyticsView:
    try:
        return analyse_runbook(work, person, find_runbook(work, person, name))
    except NotFound as no_runbook:
        try:
            workflow = find_analysed_workflow(work, person, name)
        except NotFound:
            raise no_runbook from None
        return analyse_workflow(work, person, workflow)


def _stats_lines(view: AnalyticsView) -> list[str]:
    lines = [f"{view.executions} runs, {view.ended} of them ended"]
    if view.success_rate is not None:
        lines.append(f"{view.success_rate:.0%} succeeded")
    lines += _percentile_line("took", view.duration_seconds)
    lines += _percentile_line("time to approve", view.approval_seconds)
    if view.last_success is not None:
        lines.append(f"last success {moment(view.last_success, '{date_short_pretty} {time}')}")
    lines += [
        f"fails at *{escape(failure.step)}*, {failure.executions} times: {code(failure.error or 'no error')}"
        for failure in view.failures
    ]
    return [f"• {line}" for line in lines]


def _percentile_line(what: str, values: PercentilesView | None) -> list[str]:
    if values is None:
        return []
    return [f"{what} {seconds_words(values.p50)} (half of them), {seconds_words(values.p95)} (95 %)"]


def freeze(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Of a team where the first word is one's name, otherwise of everything."""
    first, behind = call.first, call.behind_first().text
    team = first if behind and _is_team(work, person, first) else None
    reason = call.text if team is None else behind
    if not reason:
        raise InvalidInput("Why?", hint=usage_hint(call, "freeze [TEAM] REASON"))
    row = declaring.freeze(work, person, team=team, reason=reason, request_key=call.request_key)
    return Reply(
        f"🧊 {_scope(team)} is frozen: {escape(row.reason.rstrip('.'))}. Nothing starts until it is unfrozen."
    )


def _is_team(work: UnitOfWork, person: Person, name: str) -> bool:
    """Whether it is one that the person may know of: to others it is a word of the reason."""
    if not person.may_see(name):
        return False
    try:
        find_team(work, name)
    except NotFound:
        return False
    return True


def _scope(team: str | None) -> str:
    return "Everything" if team is None else f"Team {escape(team)}"


def unfreeze(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """What was held goes on, unless another freeze holds it."""
    team = optional_argument(call, "unfreeze [TEAM]")
    check_may_freeze(person, team)
    declaring.unfreeze(work, person, declaring.freeze_in_force(work, team).id)
    return Reply(f"▶️ {_scope(team)} is not frozen any more.")


COMMANDS = (
    Command("retry", "ID [--from STEP]", "go on with a run from where it failed", retry),
    Command("stats", "NAME", "how a runbook or workflow does", stats),
    Command("freeze", "[TEAM] REASON", "start nothing, and hold what runs (admins)", freeze),
    Command("unfreeze", "[TEAM]", "let what a freeze holds go on (admins)", unfreeze),
)
