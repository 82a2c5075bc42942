"""What people type arrives as they typed it, through the whole way from Slack to the database."""

import pytest

from core.tables import Freeze, Incident, IncidentEvent, RunbookVersion
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import ADMIN, DB_CHANNEL, DB_OPS, WAIT, add_runbook, executions

ECHO = {
    "properties": {"tags": {"type": "array", "items": {"type": "string"}}, "opts": {"type": "object"}},
}
PROSE = [
    "’twas fine",
    '"unfinished',
    "He said “don’t”",
    "two  spaces\nand a line",
    "it's the \"orders\" DB's.",
]


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ('tags=["a", "b"]', {"tags": ["a", "b"]}),
        ('opts={"a": 1}', {"opts": {"a": 1}}),
        ("tags=[“a”, “b c”] opts={“a”: “it’s”}", {"tags": ["a", "b c"], "opts": {"a": "it’s"}}),
    ],
)
def test_lists_and_mappings_may_have_spaces(
    company: UnitOfWorkFactory, slack: Slack, typed: str, given: object
) -> None:
    add_runbook(company, "echo", parameters=ECHO, steps=[WAIT])
    assert "requested for" in slack.types(DB_OPS, DB_CHANNEL, f"run echo {typed}")
    assert executions(company)[-1].parameters == given


@pytest.mark.parametrize("typed", PROSE)
def test_a_note_is_kept_as_typed(company: UnitOfWorkFactory, slack: Slack, typed: str) -> None:
    assert "Noted" in slack.types(DB_OPS, DB_CHANNEL, f"note {typed}")
    with company.begin() as work:
        event = work.session.query(IncidentEvent).filter_by(type="incident.note").one()
        assert event.details["text"] == typed


@pytest.mark.parametrize("typed", PROSE)
def test_a_title_is_kept_as_typed_but_for_line_breaks(
    company: UnitOfWorkFactory, slack: Slack, typed: str
) -> None:
    assert "is open" in slack.types(DB_OPS, DB_CHANNEL, f"incident open {typed} severity=high")
    with company.begin() as work:
        opened = work.session.query(Incident).order_by(Incident.number.desc()).first()
        assert opened is not None
        assert (opened.title, opened.severity) == (typed.replace("\n", " "), "high")


@pytest.mark.parametrize("team", ["", "database "])
@pytest.mark.parametrize("typed", PROSE)
def test_the_reason_of_a_freeze_is_kept_as_typed(
    company: UnitOfWorkFactory, slack: Slack, team: str, typed: str
) -> None:
    said = slack.types(ADMIN.slack_user_id, DB_CHANNEL, f"freeze {team}{typed}")
    assert "is frozen" in said
    assert ".." not in said
    with company.begin() as work:
        row = work.session.query(Freeze).one()
        assert (row.reason, row.team.name if row.team else "") == (typed, team.strip())


@pytest.mark.parametrize("typed", PROSE)
def test_the_reason_of_a_deprecation_is_kept_as_typed(
    company: UnitOfWorkFactory, slack: Slack, typed: str
) -> None:
    assert "is deprecated" in slack.types(ADMIN.slack_user_id, DB_CHANNEL, f"deprecate say-hello {typed}")
    with company.begin() as work:
        assert typed in [row.note for row in work.session.query(RunbookVersion)]
