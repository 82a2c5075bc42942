"""A freeze is shown on each card of a run that it holds."""

from collections.abc import Callable

import pytest

from bot.cards.blocks import Message
from bot.cards.gate import gate
from bot.cards.headline import headline
from bot.cards.verdict import verdict
from core.statuses import GateStatus, Status, WaitingFor
from core.views.executions import ExecutionView, FreezeView
from tests.unit.bot.cards.building import NOW, approval, at_gate, done, execution, shown, step

SINCE = f"(since <!date^{int(NOW.timestamp())}^{{date_short_pretty}} {{time}}|03:12 UTC>)"


def in_doubt(freeze: FreezeView | None) -> ExecutionView:
    steps = (done(), step("promote", Status.UNKNOWN, attempt=1))
    return execution(*steps, status=Status.WAITING, waiting_for=WaitingFor.VERDICT, freeze=freeze)


CARDS: dict[str, Callable[[FreezeView | None], Message]] = {
    "headline": lambda freeze: headline(at_gate(freeze=freeze), now=NOW),
    "gate": lambda freeze: gate(at_gate(freeze=freeze), approval()),
    "verdict": lambda freeze: verdict(in_doubt(freeze), 1, 1),
}


def the_freeze(team: str | None = "database", reason: str = "We <move> *all*") -> FreezeView:
    by = {"id": "frz_1", "team": team, "reason": reason, "frozen_by": "U0DBADMIN"}
    return FreezeView(**by, created_at=NOW, lifted_by=None, lifted_at=None)


@pytest.mark.parametrize("card", CARDS)
def test_each_card_says_who_froze_why_and_since_when(card: str) -> None:
    message = CARDS[card](the_freeze())
    said = f"by <@U0DBADMIN>: We &lt;move&gt; ∗all∗ {SINCE}"
    assert f"🧊 *Team database is frozen* {said}" in shown(message)
    assert message.text.endswith(f" 🧊 Team database is frozen {said}.")


@pytest.mark.parametrize("card", CARDS)
def test_a_freeze_of_everything_is_named_so(card: str) -> None:
    message = CARDS[card](the_freeze(team=None))
    assert "🧊 *Everything is frozen* by" in shown(message)
    assert "🧊 Everything is frozen by" in message.text


@pytest.mark.parametrize("card", CARDS)
def test_it_is_one_line_however_it_was_written(card: str) -> None:
    message = CARDS[card](the_freeze(reason="We\n```move"))
    assert "<@U0DBADMIN>: We ˋˋˋmove (since" in shown(message)


@pytest.mark.parametrize("card", CARDS)
def test_without_a_freeze_nothing_is_said_of_one(card: str) -> None:
    message = CARDS[card](None)
    assert "frozen" not in shown(message) + message.text
    assert message.text == message.text.strip()


def test_what_asks_nothing_any_more_does_not_speak_of_it() -> None:
    decided = gate(at_gate(freeze=the_freeze()), approval(status=GateStatus.APPROVED))
    assert "frozen" not in shown(decided) + decided.text
