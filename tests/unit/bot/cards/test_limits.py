"""Every card, with whatever people write into it, is one that Slack takes, and obeys none of it."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cards.blocks import Message
from bot.cards.detail import detail
from bot.cards.gate import gate
from bot.cards.headline import headline
from bot.cards.incident import incident as incident_card
from bot.cards.outcome import outcome
from bot.cards.plain import plain
from bot.cards.request_blocks import Space, request_blocks
from bot.cards.verdict import verdict
from bot.modals.details import details
from core.statuses import GateStatus, IncidentStatus, Severity, Status, WaitingFor
from core.views.executions import ApprovalView, ChildCountsView, ExecutionView, StepView
from core.views.run_cards import CardFacts, HolderView, LockView, RetryView
from slack_sandbox.block_kit.views import checked_view
from tests.unit.bot.cards.building import (
    NOW,
    approval,
    assert_fences_close,
    assert_slack_takes,
    decision,
    execution,
    incident,
    shown_step,
    step,
)

HOSTILE = st.sampled_from(
    [
        "<!channel>",
        "<!here>",
        "<https://evil.example|good>",
        "&",
        "&lt;",
        "<",
        ">",
        "```",
        "`",
        "*",
        "_",
        "\n",
        "<@U1>",
        "é",
        "👩‍🚒",
    ]
)
WRITTEN = st.lists(
    HOSTILE | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
).map("".join)
LONG = st.tuples(WRITTEN, st.sampled_from([50, 1_000])).map(lambda pair: (pair[0] * pair[1])[:6_000])
TEXT = WRITTEN | LONG
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OUTPUTS = (
    st.none()
    | st.fixed_dictionaries({"status": st.integers(100, 599), "body": TEXT})
    | st.fixed_dictionaries({"exit_code": st.integers(0, 255), "stdout": TEXT, "stderr": TEXT})
    | JSON
)
TIMES = st.none() | st.integers(0, 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds))
PEOPLE = st.lists(st.integers(0, 999).map(lambda n: f"U{n:03}"), max_size=40, unique=True)
STEPS = st.builds(
    StepView,
    id=st.from_regex(r"\A[a-z][a-z0-9_]{0,63}\Z"),
    type=st.sampled_from(["http", "shell", "approval", "wait", "message"]),
    name=st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=150),
    status=st.sampled_from(Status),
    attempt=st.integers(0, 9),
    started_at=TIMES,
    finished_at=TIMES,
    request=JSON,
    output=OUTPUTS,
    error=st.none() | TEXT,
)
REQUESTS = JSON | st.fixed_dictionaries(
    {
        "argv": st.lists(TEXT, min_size=1, max_size=3),
        "env": st.dictionaries(TEXT, TEXT, max_size=3),
        "stdin": TEXT,
    }
)
SHOWN = st.builds(
    shown_step,
    id_=st.from_regex(r"\A[a-z][a-z0-9_]{0,63}\Z"),
    name=st.none() | TEXT,
    runs=st.sampled_from(["yes", "no", "depends"]),
    condition=st.none() | TEXT,
    request=REQUESTS,
    depends_on_results=st.booleans(),
    error=st.none() | TEXT,
)
APPROVALS = st.builds(
    approval,
    shown=st.none() | st.lists(SHOWN, max_size=24),
    digest=st.just("0" * 64),
    asked_again=st.none() | TEXT,
    nobody_left=st.none() | TEXT,
    initiators=PEOPLE.map(lambda people: [{"who": who, "as": "opened"} for who in people]),
    status=st.sampled_from(GateStatus),
    people=PEOPLE,
    approvers=TEXT,
    count=st.integers(1, 20),
    message=TEXT,
    decisions=st.lists(
        st.builds(decision, person=st.just("U1"), approved=st.booleans(), reason=TEXT), max_size=20
    ),
    expires_at=TIMES,
)
EXECUTIONS = st.builds(
    lambda steps, **changes: execution(*steps, **changes),
    steps=st.lists(STEPS, min_size=1, max_size=24),
    status=st.sampled_from([s for s in Status if s not in (Status.SKIPPED, Status.UNKNOWN)]),
    waiting_for=st.none() | st.sampled_from(WaitingFor),
    requested_by=st.sampled_from(["U0DBOPS", "workflow:a-b", "operator"]),
    parameters=st.dictionaries(TEXT, JSON, max_size=20),
    error=st.none() | TEXT,
    workflow=st.none() | st.just("critical"),
    workflow_execution_id=st.none() | st.just("wfx_1"),
    approval=st.none() | APPROVALS,
    finished_at=TIMES,
)
NAMES = st.lists(st.from_regex(r"\A[a-z][a-z0-9_]{0,63}\Z"), min_size=1, max_size=40).map(tuple)
FACTS = st.builds(
    CardFacts,
    usual_seconds=st.none() | st.floats(0, 10**6),
    approved_by=PEOPLE.map(tuple),
    lock=st.none()
    | st.builds(LockView, TEXT, st.booleans(), st.none() | st.just(HolderView("rbx_2", "a-b", "workflow:a"))),
    retry=st.none()
    | st.builds(RetryView, refused=TEXT)
    | NAMES.map(lambda names: RetryView(names[0], names, names[:3])),
)
thorough = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


@thorough
@given(EXECUTIONS, FACTS)
def test_headlines(shown: ExecutionView, facts: CardFacts) -> None:
    assert_slack_takes(headline(shown, facts, now=NOW))


@thorough
@given(EXECUTIONS, APPROVALS)
def test_gates(shown: ExecutionView, asked: ApprovalView) -> None:
    assert_slack_takes(gate(shown, asked))
    blocks = request_blocks(shown, asked.shown or [], Space("See everything elsewhere"))
    assert_fences_close(Message("", blocks))


@thorough
@given(EXECUTIONS, st.integers(0, 9))
def test_verdicts(shown: ExecutionView, attempt: int) -> None:
    card = verdict(shown, 0, attempt)
    assert_slack_takes(card)
    assert_fences_close(card)


@thorough
@given(EXECUTIONS, FACTS)
def test_outcomes_and_details(shown: ExecutionView, facts: CardFacts) -> None:
    ended = outcome(shown, facts)
    assert_slack_takes(ended)
    assert_fences_close(ended)
    card = detail(shown, shown.steps)
    assert_slack_takes(card)
    assert_fences_close(card)


@thorough
@given(EXECUTIONS)
def test_the_form_with_details(shown: ExecutionView) -> None:
    view: Any = details(shown, "https://r.example/runs/rbx_1?token=1.2").view
    checked_view(view)
    assert_fences_close(Message("", view["blocks"]))


@thorough
@given(TEXT, st.none() | EXECUTIONS)
def test_plain_messages(text: str, by: ExecutionView | None) -> None:
    assert_slack_takes(plain(text, execution=by))
    assert_slack_takes(plain(text, workflow="critical", workflow_execution_id="wfx_1"))


@thorough
@given(
    title=TEXT,
    description=TEXT,
    service=st.none() | TEXT,
    labels=st.dictionaries(TEXT, TEXT, max_size=20),
    status=st.sampled_from(IncidentStatus),
    severity=st.sampled_from(Severity),
)
def test_incidents(**changes: Any) -> None:
    assert_slack_takes(incident_card(incident(**changes)))


def test_a_run_of_200_steps_with_endless_output_fits() -> None:
    steps = [
        step(
            f"step_{i}",
            Status.FAILED,
            name="<&>" * 50,
            error="&" * 9_000,
            output={"exit_code": 1, "stdout": "<" * 40_000, "stderr": "`" * 40_000},
            started_at=NOW,
            finished_at=NOW,
        )
        for i in range(200)
    ]
    shown = execution(*steps, status=Status.FAILED, error="&" * 9_000, finished_at=NOW)
    cards: list[Message] = [
        headline(shown, now=NOW),
        outcome(shown),
        detail(shown, steps),
        gate(shown, approval()),
    ]
    for card in cards:
        assert_slack_takes(card)
    assert_slack_takes(plain("long line " * 10_000 + "\n" * 5_000, execution=shown))


def test_a_run_of_a_thousand_steps_with_a_thousand_children_each_fits() -> None:
    children = ChildCountsView(
        total=1000, unstarted=0, active=1, succeeded=9, failed=990, failed_names=["<!channel>" * 90] * 5
    )
    steps = [
        step(f"s{number}", Status.FAILED, error="<@U1>" * 900, children=children, type="runbook")
        for number in range(1000)
    ]
    names = tuple(each.id for each in steps)
    facts = CardFacts(86_400.0, tuple(f"U{n}" for n in range(900)), None, RetryView("s0", names, names))
    shown = execution(*steps, status=Status.FAILED, error="Step s0: " + "<@U1>" * 900, finished_at=NOW)
    for card in (headline(shown, facts, now=NOW), outcome(shown, facts)):
        assert_slack_takes(card)
    checked_view(details(shown).view)
