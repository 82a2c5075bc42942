"""What the doctor finds, as far as no service is needed for it."""

import os

import pytest
from slack_sdk import WebClient

from cli.doctor import examine
from cli.findings import egress, shell, signing_secret, slack_token
from core.settings import Settings

US = str(os.geteuid())


def settings(**environ: str) -> Settings:
    return Settings.from_environment(environ)


@pytest.mark.parametrize(
    "entries", ["", "api.example.com, *.example.org", "10.0.0.0/8,::1", "localhost,db_1", "*, 10.0.0.0/8"]
)
def test_egress_takes_names_addresses_and_cidrs(entries: str) -> None:
    assert egress(settings(RUNBOOK_EGRESS=entries)).ok


@pytest.mark.parametrize(
    "entry", ["https://api.example.com", "10.0.0.0/33", "api.example.com:443", "**", "a.*.com", "-x", "a b"]
)
def test_egress_names_the_entry_that_is_none(entry: str) -> None:
    finding = egress(settings(RUNBOOK_EGRESS=f"api.example.com,{entry}"))

    assert not finding.ok
    assert finding.message.startswith(f"{entry}:")
    assert "CIDRs" in finding.hint


def test_shell_steps_that_are_off_are_well() -> None:
    assert shell(settings(), {}).ok


def test_shell_steps_that_are_on_are_tried() -> None:
    assert shell(settings(RUNBOOK_SHELL="on", RUNBOOK_SHELL_USER=US), {"PATH": "/usr/bin:/bin"}).ok


def test_shell_steps_that_cannot_run_anything_are_found() -> None:
    finding = shell(settings(RUNBOOK_SHELL="on", RUNBOOK_SHELL_USER=US), {"PATH": "/nowhere"})

    assert not finding.ok
    assert "RUNBOOK_SHELL=off" in finding.hint


def test_a_missing_secret_says_where_it_is_found() -> None:
    found = [slack_token(settings()), signing_secret(settings())]

    assert [(each.ok, each.message) for each in found] == [
        (False, "SLACK_BOT_TOKEN is not set."),
        (False, "SLACK_SIGNING_SECRET is not set."),
    ]
    assert ["OAuth & Permissions" in found[0].hint, "Basic Information" in found[1].hint] == [True, True]


def test_a_slack_that_does_not_answer_is_found() -> None:
    finding = slack_token(settings(SLACK_BOT_TOKEN="xoxb-1", SLACK_API_URL="http://127.0.0.1:9/api/"))

    assert not finding.ok
    assert "http://127.0.0.1:9/api/ does not answer" in finding.message


def test_a_token_of_another_workspace_than_the_one_that_is_set_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = {"user": "runbook", "team": "Acme", "team_id": "T1"}
    monkeypatch.setattr(WebClient, "auth_test", lambda _: answer)

    def found(team: str) -> bool:
        return slack_token(settings(SLACK_BOT_TOKEN="xoxb-1", SLACK_TEAM_ID=team)).ok

    assert (found(""), found("T1"), found("T2")) == (True, True, False)


def test_settings_that_cannot_be_read_are_all_that_is_told() -> None:
    [finding] = examine({"PORT": "eighty"})

    assert not finding.ok
    assert finding.message.startswith("PORT is 'eighty'")
