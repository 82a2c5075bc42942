"""The trigger `schedule`: mistakes in it are reported at their place."""

import pytest

from core.definitions.validate import validate_text
from core.definitions.workflow import NO_WHEN

NIGHTLY = """\
kind: workflow
name: nightly
team: database
trigger:
  on: schedule
  cron: "0 3 * * 1"
  timezone: Europe/Berlin
  catch_up: 30m
  incident:
    title: "Vacuum at {{ event.local }}"
    description: "Due {{ event.at }}."
    severity: info
    labels: {planned: "yes"}
    slack_channel: C0PLANNED
actions:
  - {id: a, type: message, text: "{{ event.at }} {{ incident.title }}"}
"""


def problems(text: str) -> list[str]:
    return [str(problem) for problem in validate_text(text, "f")[1]]


def test_a_schedule_is_valid() -> None:
    assert problems(NIGHTLY) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "Europe/Berlin",
            "Europe/Berln",
            "f:7:13: Europe/Berln is not the name of a time zone, such as Europe/Berlin or UTC.",
        ),
        (
            "Europe/Berlin",
            "../../etc/passwd",
            "f:7:13: ../../etc/passwd is not the name of a time zone, such as Europe/Berlin or UTC.",
        ),
        ("0 3 * * 1", "60 3 * * *", "f:6:9: There is a wrong minute in the cron expression."),
        ("0 3 * * 1", "0 3 */9 * MON#5", "f:6:9: There is no such day, so it would never start."),
        ("event.local", "incident.title", "f:10:26: incident is not known here. Known here: event."),
        ("event.at }}.", "event.att }}.", "f:11:26: event has no att. Did you mean at?"),
        ("event.at }}.", "secrets.X }}.", "f:11:26: secrets is not known here. Known here: event."),
        (
            "team: database\n",
            "",
            "f:9:5: A global workflow with a schedule must say whose incident it opens. Add team: … here.",
        ),
        (
            "    severity: info",
            "    team: web",
            "f:12:11: The workflow belongs to team database, so its incident cannot belong to web.",
        ),
        (
            "actions:",
            "when: event.at != ''\nactions:",
            f"f:15:7: {NO_WHEN}",
        ),
        (
            "C0PLANNED",
            "planned",
            'f:14:20: "planned" does not fit slack_channel. Use a Slack channel id, such as C024BE7LH.',
        ),
        ("catch_up: 30m", "catch_up: 25h", "f:8:13: catch_up may be at most 24h."),
        ('  cron: "0 3 * * 1"\n', "", "f:5:3: The field cron is missing. Add cron: … here."),
    ],
)
def test_mistakes_in_a_schedule(old: str, new: str, expected: str) -> None:
    assert problems(NIGHTLY.replace(old, new)) == [expected]


def test_the_incident_of_a_global_workflow_may_be_any_teams() -> None:
    text = NIGHTLY.replace("team: database\n", "").replace("    severity: info", "    team: web")
    assert problems(text) == []


TEAM = "kind: team\nname: database\nmembers: [{slack: U0ANN, role: admin}]\nchannels: CHANNELS\n---\n"


def test_its_channel_must_be_one_that_the_team_declares() -> None:
    assert problems(TEAM.replace("CHANNELS", "[C0PLANNED]") + NIGHTLY) == []
    [problem] = problems(TEAM.replace("CHANNELS", "[C0OTHER]") + NIGHTLY)
    assert problem.startswith(
        "f:19:20: C0PLANNED is not a channel that team database declares. Remove it, so that"
    )
