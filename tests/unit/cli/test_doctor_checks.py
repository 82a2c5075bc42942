"""The doctor's checks that need no service."""

import os
import socket
from pathlib import Path

import pytest
from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from bot.app_manifest import SCOPES
from cli.doctor import examine
from cli.doctor_checks import egress, shell
from cli.setting_checks import admins, files, port, sign_in, signing_secret
from cli.slack_checks import slack
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
    assert entry in finding.message
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
    found = [*slack(settings()), signing_secret(settings())]

    assert [(each.ok, each.message) for each in found] == [
        (False, "SLACK_BOT_TOKEN is not set."),
        (False, "SLACK_SIGNING_SECRET is not set."),
    ]
    assert ["OAuth & Permissions" in found[0].hint, "Basic Information" in found[1].hint] == [True, True]


def test_a_slack_that_does_not_answer_is_found() -> None:
    [finding] = slack(settings(SLACK_BOT_TOKEN="xoxb-1", SLACK_API_URL="http://127.0.0.1:9/api/"))

    assert not finding.ok
    assert "http://127.0.0.1:9/api/ does not answer" in finding.message


def test_a_token_of_another_workspace_than_the_one_that_is_set_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer_with(monkeypatch)

    def found(team: str) -> bool:
        return next(slack(settings(SLACK_BOT_TOKEN="xoxb-1", SLACK_TEAM_ID=team))).ok

    assert (found(""), found("T1"), found("T2")) == (True, True, False)


def answer_with(monkeypatch: pytest.MonkeyPatch, **headers: str) -> None:
    """Make Slack answer auth.test with these headers."""
    data = {"ok": True, "user": "runbook", "team": "Acme", "team_id": "T1"}
    client = WebClient()
    answer = SlackResponse(
        client=client,
        http_verb="POST",
        api_url="auth.test",
        req_args={},
        data=data,
        headers=headers,
        status_code=200,
    )
    monkeypatch.setattr(WebClient, "auth_test", lambda _: answer)


ALL = {scope.name for scope in SCOPES}


@pytest.mark.parametrize(
    ("granted", "ok", "said"),
    [
        (ALL, True, "All that are needed were granted."),
        ({scope.name for scope in SCOPES if not scope.is_private}, True, "All that are needed were granted."),
        (ALL - {"pins:write"}, True, "Missing: pins:write: an incident's card is not pinned."),
        (ALL - {"groups:read"}, True, "Missing: groups:read: private channels are not recognised."),
        (ALL - {"chat:write"}, False, "Missing: chat:write: nothing is posted."),
    ],
    ids=["all", "no private channels", "a comfort", "a part of private channels", "what everything needs"],
)
def test_each_missing_scope_says_what_it_costs(
    monkeypatch: pytest.MonkeyPatch, granted: set[str], ok: bool, said: str
) -> None:
    answer_with(monkeypatch, **{"x-oauth-scopes": ",".join(sorted(granted))})
    _, scopes = slack(settings(SLACK_BOT_TOKEN="xoxb-1"))
    assert (scopes.ok, scopes.message) == (ok, said)
    assert ("`runbook manifest`" in scopes.hint) == (granted != ALL and "Missing" in said)


def test_settings_that_cannot_be_read_are_all_that_is_told() -> None:
    [finding] = examine({"PORT": "eighty"})

    assert not finding.ok
    assert finding.message.startswith("PORT is 'eighty'")


@pytest.mark.parametrize(
    "secret",
    [
        "abc",
        "xoxb-1234567890",
        "0123456789ABCDEF0123456789ABCDEF",
        "0123456789abcdef0123456789abcde",
        "g" * 32,
    ],
)
def test_a_signing_secret_that_is_none_of_slacks_is_found(secret: str) -> None:
    finding = signing_secret(settings(SLACK_SIGNING_SECRET=secret))

    assert not finding.ok
    assert "32 hexadecimal digits" in finding.message
    assert secret not in finding.message + finding.hint


def test_a_signing_secret_of_slacks_shape_is_well() -> None:
    assert signing_secret(settings(SLACK_SIGNING_SECRET="0123456789abcdef0123456789abcdef")).ok


def test_a_sandboxs_signing_secret_need_only_be_long_enough() -> None:
    sandbox = {"SLACK_API_URL": "http://127.0.0.1:3100/api/"}
    assert signing_secret(settings(SLACK_SIGNING_SECRET="sandbox-signing-secret", **sandbox)).ok
    assert not signing_secret(settings(SLACK_SIGNING_SECRET="abc", **sandbox)).ok


@pytest.mark.parametrize(
    "given", ["alice", "@alice", "U0ALICE;U0BOB", "u0alice", "alice@example.com", "<@U0ALICE>"]
)
def test_an_admin_that_is_no_slack_id_is_named(given: str) -> None:
    finding = admins(settings(RUNBOOK_ADMINS=f"U0ERIN, {given}"))

    assert not finding.ok
    assert given in finding.message
    assert "U0ERIN" not in finding.message


def test_no_admin_at_all_is_found() -> None:
    assert "nobody can approve" in admins(settings(RUNBOOK_ADMINS=" ,")).message
    assert admins(settings(RUNBOOK_ADMINS="U0ERIN,W0BOB")).ok


def test_a_sign_in_that_lacks_a_setting_is_found() -> None:
    given = {
        "SLACK_CLIENT_ID": "12.34",
        "SLACK_CLIENT_SECRET": "shh",
        "PUBLIC_URL": "https://runbook.example",
    }
    assert sign_in(Settings.from_environment({})).ok
    assert sign_in(Settings.from_environment(given)).ok
    for name in given.keys() - {"SLACK_CLIENT_ID"}:
        found = sign_in(Settings.from_environment(given | {name: ""}))
        assert not found.ok
        assert name in found.message


def test_a_port_that_is_taken_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        finding = port(settings(PORT=str(number)))
    assert not finding.ok
    assert f"port {number} of 127.0.0.1" in finding.message
    assert "PORT" in finding.hint


def test_a_host_that_is_none_of_ours_is_found() -> None:
    assert not port(settings(PORT="0", HOST="203.0.113.7")).ok
    assert not port(settings(PORT="0", HOST="no such host")).ok
    assert port(settings(PORT="0", HOST="127.0.0.1", PUBLIC_URL="https://runbook.example.com")).ok


def test_a_file_that_a_setting_names_and_that_cannot_be_read_is_found(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "good").write_text("value")

    def finding(**environ: str) -> tuple[bool, str]:
        found = files(settings(**environ), environ)
        return found.ok, found.message

    assert finding(RUNBOOK_SECRET_DB_FILE=str(tmp_path / "good"))[0]
    assert finding(RUNBOOK_SECRET_DB_FILE=str(tmp_path / "absent")) == (
        False,
        "The file of RUNBOOK_SECRET_DB_FILE cannot be read: No such file or directory.",
    )
    assert not finding(RUNBOOK_SECRET_DB_FILE=str(tmp_path))[0]
    assert not finding(RUNBOOK_SECRET_DB_FILE=str(tmp_path / "empty"))[0]
    assert not finding(RUNBOOK_SECRET_DB_FILE=str(tmp_path / "binary"))[0]
    assert not finding(VAULT_TOKEN_FILE=str(tmp_path / "absent"))[0]
    assert not finding(RUNBOOK_SECRET_FOLDERS=str(tmp_path / "absent"))[0]
    assert not finding(RUNBOOK_AUDIT_HEAD_FILE=str(tmp_path / "absent" / "heads"))[0]
