"""The buttons under an incident's card: by its state, and the runbooks that it proposes."""

import pytest

from bot.cards.blocks import Message
from bot.cards.incident import ACKNOWLEDGE, ESCALATE, NOTE, RESOLVE, RUN, TIMELINE
from bot.cards.incident import incident as card
from core.statuses import IncidentStatus, Severity
from core.views.incidents import ProposalView
from tests.unit.bot.cards.building import assert_slack_takes, elements, incident, shown

NASTY = "<!channel> *bold* `code` <https://evil.example|click> @here"


def accessories(message: Message) -> list[dict[str, object]]:
    return [block["accessory"] for block in message.blocks if "accessory" in block]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (IncidentStatus.OPEN, [ACKNOWLEDGE, RUN, ESCALATE, NOTE, TIMELINE, RESOLVE]),
        (IncidentStatus.ACKNOWLEDGED, [RUN, ESCALATE, NOTE, TIMELINE, RESOLVE]),
        (IncidentStatus.RESOLVED, [NOTE, TIMELINE]),
        (IncidentStatus.CLOSED, [TIMELINE]),
    ],
)
def test_it_offers_what_its_state_allows(status: IncidentStatus, offered: list[str]) -> None:
    message = card(incident(status=status, severity=Severity.HIGH))
    assert list(elements(message)) == offered
    assert {button["value"] for button in elements(message).values()} == {"inc_1"}
    assert_slack_takes(message)


def test_nothing_is_above_critical() -> None:
    assert ESCALATE not in elements(card(incident(severity=Severity.CRITICAL)))


def test_resolving_is_asked_about_since_it_cannot_be_undone() -> None:
    buttons = elements(card(incident()))
    assert "cannot be reopened" in buttons[RESOLVE]["confirm"]["text"]["text"]
    assert [name for name, button in buttons.items() if "confirm" in button] == [RESOLVE]


def test_runbooks_that_match_are_proposed_at_most_three() -> None:
    proposed = [ProposalView(runbook_id=f"rbk_{i}", name=f"fix-{i}", description="Fix it.") for i in range(5)]
    message = card(incident(), proposed=proposed)
    assert [each["value"] for each in accessories(message)] == ["inc_1:rbk_0", "inc_1:rbk_1", "inc_1:rbk_2"]
    assert {each["action_id"] for each in accessories(message)} == {RUN}
    assert "Proposed: *fix-0*: Fix it." in shown(message)
    assert_slack_takes(message)


def test_nothing_is_proposed_when_it_is_over() -> None:
    proposed = [ProposalView(runbook_id="rbk_1", name="fix", description="")]
    assert accessories(card(incident(status=IncidentStatus.RESOLVED), proposed=proposed)) == []


def test_what_people_wrote_neither_pings_nor_links() -> None:
    proposed = [ProposalView(runbook_id="rbk_1", name="fix", description=NASTY * 20)]
    message = card(
        incident(title=NASTY, service=NASTY, labels={NASTY: NASTY}, description=NASTY), proposed=proposed
    )
    assert_slack_takes(message)
    assert "@here" not in shown(message).replace("@\u2060here", "")
