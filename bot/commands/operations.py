"""`retry`, `stats`, `freeze` and `unfreeze`."""

from bot.cards.words import code, counted, escape, moment, seconds_words
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
    """Start a new execution that continues where one failed. The poster shows it in the channel."""
    execution_id, from_step = _retry_arguments(call)
    row = retries.retry(work, person, execution_id, from_step=from_step, request_key=call.request_key)
    return Reply(
        f"🔁 {escape(row.runbook_name)} v{row.runbook_version} continues as {row.id}, a retry of {row.retry_of}."
    )


def _retry_arguments(call: CommandCall) -> tuple[str, str | None]:
    """Return the id and the step. Raises InvalidInput, with the usage, for other arguments."""
    match [word.text for word in call.arguments]:
        case [execution_id]:
            return execution_id, None
        case [execution_id, "--from", step] | ["--from", step, execution_id]:
            return execution_id, step
        case []:
            raise InvalidInput("The run's id is missing.", hint=usage_hint(call, RETRY_USAGE))
        case _:
            raise InvalidInput("These arguments are not understood.", hint=usage_hint(call, RETRY_USAGE))


def stats(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show the figures of a runbook, or of a workflow if no runbook has the name."""
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
    lines = [f"{counted(view.executions, 'run')}, {view.ended:,} ended"]
    if view.success_rate is not None:
        lines.append(f"{view.success_rate:.0%} succeeded")
    lines += _percentile_line("duration", view.duration_seconds)
    lines += _percentile_line("time to approve", view.approval_seconds)
    if view.last_success is not None:
        lines.append(f"last success {moment(view.last_success, '{date_short_pretty} {time}')}")
    lines += [
        f"failed at *{escape(failure.step)}* in {counted(failure.executions, 'run')}: "
        f"{code(failure.error or 'no error')}"
        for failure in view.failures
    ]
    return [f"• {line}" for line in lines]


def _percentile_line(name: str, values: PercentilesView | None) -> list[str]:
    if values is None:
        return []
    return [f"{name} median {seconds_words(values.p50)}, p95 {seconds_words(values.p95)}"]


def freeze(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Freeze a team if the first word is a team's name, otherwise everything."""
    first, rest = call.first, call.behind_first().text
    team = first if rest and _is_team(work, person, first) else None
    reason = call.text if team is None else rest
    if not reason:
        raise InvalidInput("The reason is missing.", hint=usage_hint(call, "freeze [TEAM] REASON"))
    row = declaring.freeze(work, person, team=team, reason=reason, request_key=call.request_key)
    return Reply(
        f"🧊 {_scope(team)} is frozen: {escape(row.reason.rstrip('.'))}. Nothing starts until it is unfrozen."
    )


def _is_team(work: UnitOfWork, person: Person, name: str) -> bool:
    """Return True if it is a team that the person may see; for others it is a word of the reason."""
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
    """Lift a freeze. What it held continues, unless another freeze holds it."""
    team = optional_argument(call, "unfreeze [TEAM]")
    check_may_freeze(person, team)
    declaring.unfreeze(work, person, declaring.freeze_in_force(work, team).id)
    scope = "The global freeze" if team is None else f"The freeze of team {escape(team)}"
    return Reply(f"▶️ {scope} is lifted.")


COMMANDS = (
    Command("retry", "ID [--from STEP]", "continue a run from where it failed", retry),
    Command("stats", "NAME", "show success rate and durations of a runbook or workflow", stats),
    Command("freeze", "[TEAM] REASON", "start nothing, and hold what is running (admins)", freeze),
    Command("unfreeze", "[TEAM]", "lift a freeze: what it held continues (admins)", unfreeze),
)
