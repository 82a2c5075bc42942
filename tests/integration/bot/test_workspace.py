"""Learning which workspace is ours: from Slack, once; afterwards the database knows."""

from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from bot.workspace import WorkspacePin, asking
from core.decisions.installation import Workspace
from core.tables import AuditEntry
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.config import AppConfig, TeamConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox

NOTHING = Workspace()
LEARNED = Workspace("T0ACME", "", "A0ACME")
CONFIG = WorkspaceConfig(team=TeamConfig(id="T0ACME"), app=AppConfig(id="A0ACME"))


def away() -> NoReturn:
    raise OSError("Slack is away")


def pin(
    unit_of_work: UnitOfWorkFactory, answer: Workspace = LEARNED, given: Workspace = NOTHING
) -> WorkspacePin:
    return WorkspacePin(unit_of_work, given, lambda: answer)


def test_it_is_learned_from_slack(unit_of_work: UnitOfWorkFactory) -> None:
    token = CONFIG.app.bot_token
    with RunningSandbox(CONFIG) as sandbox:
        learning = WorkspacePin(unit_of_work, Workspace(), asking(token, sandbox.api_url))
        assert learning.current() == Workspace()
        learning.learn()

    assert learning.current() == LEARNED


def test_a_start_without_slack_knows_what_another_process_learned(unit_of_work: UnitOfWorkFactory) -> None:
    before = WorkspacePin(unit_of_work, Workspace(), away)
    assert before.current().team_id is None

    pin(unit_of_work).learn()

    assert before.current() == LEARNED
    assert WorkspacePin(unit_of_work, Workspace(), away).current() == LEARNED


def test_what_is_set_needs_no_slack_and_goes_first(unit_of_work: UnitOfWorkFactory) -> None:
    given = Workspace("T0SET", None, "A0SET")
    both = WorkspacePin(unit_of_work, given, away)
    both.start()

    assert both.current() == given
    mixed = pin(unit_of_work, given=Workspace("T0SET"))
    mixed.learn()
    assert mixed.current() == Workspace("T0SET", "", "A0ACME")


def test_a_start_waits_a_moment_for_slack_and_asks_again(
    unit_of_work: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.workspace.FIRST_PAUSE", 0.01)
    asked = []

    def ask() -> Workspace:
        asked.append("again")
        return LEARNED if len(asked) > 1 else away()

    learning = WorkspacePin(unit_of_work, Workspace(), ask)
    learning.start()

    assert asked == ["again"] * 2
    assert learning.current() == LEARNED


def test_another_token_is_another_workspace_and_is_in_the_audit_trail(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    for learned in (LEARNED, LEARNED, Workspace("T0ACME", "", None), Workspace("T0OTHER", "E1", None)):
        pin(unit_of_work, learned).learn()

    assert pin(unit_of_work).current() == Workspace("T0OTHER", "E1", None)
    with unit_of_work.begin() as work:
        rows = work.session.query(AuditEntry).filter_by(action="workspace.pinned").order_by(AuditEntry.number)
        assert [(row.actor, row.details["after"]["team"], row.details["after"]["app"]) for row in rows] == [
            ("slack", "T0ACME", "A0ACME"),
            ("slack", "T0OTHER", None),
        ]


@pytest.mark.parametrize(
    ("token", "app"), [("xapp-1-A0123ABC-456-secret", "A0123ABC"), ("xapp-sandbox", None)]
)
def test_an_app_level_token_names_its_app(
    monkeypatch: pytest.MonkeyPatch, token: str, app: str | None
) -> None:
    monkeypatch.setattr("bot.workspace.WebClient.auth_test", lambda _: {"team_id": "T1"})

    assert asking("xoxb-1", "http://127.0.0.1:9/api/", token)() == Workspace("T1", "", app)


def test_a_slack_that_is_away_is_told_once_for_each_reason(
    unit_of_work: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.workspace.FIRST_PAUSE", 0.001)
    reasons = ["refused", "refused", "no answer", "no answer", "no answer"]

    def ask() -> Workspace:
        if reasons:
            raise OSError(reasons.pop(0))
        return LEARNED

    with capture_logs() as lines:
        WorkspacePin(unit_of_work, Workspace(), ask).start()

    assert [line["error"] for line in lines if line["log_level"] == "warning"] == ["refused", "no answer"]
