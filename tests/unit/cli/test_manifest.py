"""The manifest of the Slack app."""

import json

import yaml
from typer.testing import CliRunner

from bot.app_manifest import EVENTS, PRIVATE_EVENTS, SCOPES, Installation, manifest
from cli.manifest import app

RUNNER = CliRunner()
URL = "https://runbook.example"


def test_over_http_every_address_is_the_services() -> None:
    found = manifest(Installation(f"{URL}/"))
    settings = found["settings"]
    assert isinstance(settings, dict)
    addresses = {value for value in _texts(found) if value.startswith("https://")}
    assert addresses == {f"{URL}/slack/events", f"{URL}/sign-in/callback"}
    oauth = found["oauth_config"]
    assert isinstance(oauth, dict)
    assert oauth["redirect_urls"] == [f"{URL}/sign-in/callback"]
    assert oauth["scopes"]["user"] == ["openid"]
    assert settings["socket_mode_enabled"] is False
    assert settings["event_subscriptions"]["bot_events"] == sorted((*EVENTS, *PRIVATE_EVENTS))


def test_socket_mode_has_no_address() -> None:
    found = manifest(Installation(None))
    assert not [value for value in _texts(found) if "://" in value]
    assert isinstance(found["settings"], dict)
    assert found["settings"]["socket_mode_enabled"] is True


def test_without_private_channels_it_asks_for_less() -> None:
    asked = set(_texts(manifest(Installation(URL, private_channels=False))))
    private = {scope.name for scope in SCOPES if scope.is_private} | set(PRIVATE_EVENTS)
    assert private
    assert not asked & private
    assert private <= set(_texts(manifest(Installation(URL))))


def test_it_is_printed_as_yaml_or_json() -> None:
    printed = RUNNER.invoke(app, ["--url", URL])
    assert yaml.safe_load(printed.stdout) == manifest(Installation(URL))
    printed = RUNNER.invoke(app, ["--socket", "--public-only", "--json"])
    assert json.loads(printed.stdout) == manifest(Installation(None, private_channels=False))


def test_an_address_that_slack_would_not_call_is_refused() -> None:
    for url in ("http://runbook.example", "runbook.example"):
        refused = RUNNER.invoke(app, ["--url", url])
        assert refused.exit_code == 2
        assert "https://" in refused.output


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []
