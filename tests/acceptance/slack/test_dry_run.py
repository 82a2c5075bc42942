"""`/runbook run NAME --dry-run`."""

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.test_dry_run import watched
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import DB_ADMIN, DB_CHANNEL, DB_OPS, WEB_OPS, add_runbook, executions, start
from tests.conftest import RecordedJobs

STEPS = [
    {"id": "lag", "type": "http", "url": "https://x/{{ params.cluster }}", "save": {"s": "response.json.s"}},
    {"id": "gate", "type": "approval", "approvers": {"team": "database", "role": "admin"}, "expires": "15m"},
    {"id": "go", "type": "http", "method": "POST", "url": "{{ secrets.API }}/{{ steps.lag.saved.s }}"},
    {"id": "pause", "type": "wait", "for": "1h", "if": 'incident.severity == "low"'},
]
PARAMETERS = {"required": ["cluster"], "properties": {"cluster": {"type": "string"}}}


def test_the_plan_is_told_to_who_asked_and_nothing_runs(
    company: UnitOfWorkFactory, slack: Slack, recorded_jobs: RecordedJobs
) -> None:
    add_runbook(
        company,
        "plan-me",
        team="database",
        parameters=PARAMETERS,
        steps=STEPS,
        lock="db/{{ params.cluster }}",
    )
    slack.types(DB_OPS, DB_CHANNEL, "list")  # at somebody's first command, Slack is asked who they are
    with watched() as seen:
        said = slack.types(DB_OPS, DB_CHANNEL, "run plan-me cluster=orders --dry-run")

    assert seen == []
    assert "What a run of *plan-me* v1 for inc-1 would do. Nothing has been done." in said
    assert "It takes the lock `db/orders`, which is currently free." in said
    assert "GET https://x/orders" in said
    assert "May decide: an admin of team database (<@U0DBADMIN>). 1 must approve, within 15 min." in said
    assert "POST {{ secrets.API }}/‹lag.s›" in said
    assert "skipped: `incident.severity" in said
    assert (executions(company), recorded_jobs.enqueued) == ([], [])


def test_the_option_may_stand_anywhere_and_phones_make_a_dash_of_it(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    for typed in ("run --dry-run db-failover cluster=orders", "run db-failover —dry-run cluster=orders"):
        assert "Nothing has been done." in slack.types(DB_OPS, DB_CHANNEL, typed)
    assert executions(company) == []


def test_who_holds_the_lock_is_told(company: UnitOfWorkFactory, slack: Slack) -> None:
    add_runbook(company, "locked", steps=STEPS[1:2], lock="the-lock")
    holder = start(company, "locked", DB_OPS)
    said = slack.types(DB_OPS, DB_CHANNEL, "run locked --dry-run")
    assert (
        f"The lock `the-lock` is held by locked ({holder}), which is pending: a run would be refused." in said
    )


def test_it_is_refused_as_a_real_run_is(company: UnitOfWorkFactory, slack: Slack) -> None:
    assert "⛔ Only responders of team database" in slack.types(
        WEB_OPS, DB_CHANNEL, "run say-hello --dry-run"
    )
    add_runbook(company, "new-idea", approved=False, steps=STEPS[1:2])
    assert "only an approved version runs" in slack.types(DB_OPS, DB_CHANNEL, "run new-idea --dry-run")
    assert "cluster is missing." in slack.types(DB_OPS, DB_CHANNEL, "run db-failover --dry-run")


def test_a_long_plan_keeps_slacks_limits(company: UnitOfWorkFactory, slack: Slack) -> None:
    steps = [{"id": f"s{n}", "type": "message", "text": "x" * 900} for n in range(200)]
    add_runbook(company, "long", steps=steps)
    assert "… 160 more" in slack.types(DB_OPS, DB_CHANNEL, "run long --dry-run")


def test_a_freeze_that_would_refuse_it_is_told(company: UnitOfWorkFactory, slack: Slack) -> None:
    slack.types(DB_ADMIN, DB_CHANNEL, "freeze database Migration <now>")
    said = slack.types(DB_OPS, DB_CHANNEL, "run say-hello --dry-run")
    assert (
        "*Team database is frozen* by <@U0DBADMIN>: Migration &lt;now&gt;. A run would be refused now."
        in said
    )


def test_a_plan_shows_the_values(company: UnitOfWorkFactory, slack: Slack) -> None:
    values = {"occasion": '"for " + incident.title'}
    told = {"id": "told", "type": "message", "text": "{{ values.occasion }}"}
    add_runbook(company, "valued", values=values, steps=[told])
    said = slack.types(DB_OPS, DB_CHANNEL, "run valued --dry-run")
    assert "Values: occasion `for Orders DB down`" in said
