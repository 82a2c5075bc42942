import pytest

from bot.cards.incident import incident as card
from core.statuses import IncidentStatus
from tests.unit.bot.cards.building import incident, markups, shown


def test_the_text_alone_says_how_bad_what_whose_and_who() -> None:
    assert card(incident()).text == (
        "🔴 critical: Orders DB down (inc-12), orders-db · team database, open, opened by <@U0DBOPS>"
    )


def test_labels_and_description_are_shown_escaped() -> None:
    words = shown(card(incident(description="Since <3:00>", labels={"pager": "yes"})))
    assert "Since &lt;3:00&gt;" in words
    assert "`pager` `yes`" in words


@pytest.mark.parametrize(
    ("status", "command"),
    [
        (IncidentStatus.OPEN, "`/ops incident ack`"),
        (IncidentStatus.ACKNOWLEDGED, "`/ops incident resolve`"),
    ],
)
def test_it_says_what_else_to_type(status: IncidentStatus, command: str) -> None:
    assert command in shown(card(incident(status=status), command="/ops"))


def test_a_closed_incident_asks_for_nothing() -> None:
    assert "Or type:" not in shown(card(incident(status=IncidentStatus.CLOSED)))


def test_links_are_shown_and_nothing_else_becomes_one() -> None:
    links = [
        {"name": "OPS-1|x", "url": "https://jira.example/browse/OPS-1?a=1&b=2"},
        {"name": "bad", "url": "javascript:alert(1)"},
        {"name": "worse", "url": "https://x|y> <!channel>"},
    ]
    [line] = [text for text in markups(card(incident(links=links)).blocks) if "🔗" in text]
    assert line == "🔗 <https://jira.example/browse/OPS-1?a=1&amp;b=2|OPS-1¦x>"


def test_planned_work_says_that_it_is_no_emergency() -> None:
    planned = incident(kind="maintenance", severity="info", opened_by="workflow:nightly")
    assert card(planned).text == (
        "⚙️ planned maintenance: Orders DB down (inc-12), orders-db · team database, open, opened by workflow nightly"
    )
    assert "⚙️ *planned maintenance, high: " in shown(card(incident(kind="maintenance", severity="high")))
