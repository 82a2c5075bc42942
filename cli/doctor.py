"""`runbook doctor`: whether everything is there that the service needs, and what to do where it is not."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from threading import Event
from typing import Annotated

import typer
from redis.exceptions import RedisError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.pages.health import check_ready
from cli.client.options import print_json
from cli.client.output import table
from cli.compose import Composition, command_path, reachable
from cli.embedded import EmbeddedServiceError
from core.errors import ConfigurationError, Unavailable
from core.outside.egress import EgressPolicy
from core.outside.process import Command, ProcessRunner
from core.settings import NEEDED_FOR, Settings
from migrations.upgrade import newest_revision

app = typer.Typer()

SECONDS = 5
HOST_NAME = re.compile(
    r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*\.?"
)
EVERYWHERE = "http steps reach everything but loopback, link-local and metadata addresses."


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and, where it is not, what to do."""

    name: str
    ok: bool
    message: str
    hint: str = ""


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False) -> None:
    """Check settings, database, Redis, Slack and what steps may do."""
    findings = list(examine(os.environ))
    well = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": well, "checks": [asdict(finding) for finding in findings]})
    else:
        rows = [("ok" if each.ok else "WRONG", each.name, f"{each.message} {each.hint}") for each in findings]
        table(("", "what", "how it is"), rows, whole=2)
    raise typer.Exit(0 if well else 1)


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """All findings; with settings that cannot be read, that one alone."""
    try:
        settings = Settings.from_environment(environ)
    except ConfigurationError as error:
        yield Finding("settings", False, error.message, error.hint or "Correct it.")
        return
    yield Finding("settings", True, "They can be read.")
    yield from _services(settings)
    yield _slack_token(settings)
    yield _signing_secret(settings)
    yield egress_finding(settings)
    yield _shell(settings, environ)


def _services(settings: Settings) -> Iterator[Finding]:
    """Embedded servers are started for the look: whether they can be is what is asked."""
    try:
        with reachable(settings) as found, Composition.of(found) as composition:
            yield _database(settings, composition)
            yield _redis(settings, composition)
    except EmbeddedServiceError as error:
        yield Finding(
            "services", False, str(error), "Or set DATABASE_URL and REDIS_URL to servers of your own."
        )


def _database(settings: Settings, composition: Composition) -> Finding:
    newest = newest_revision()
    is_embedded = settings.database_url is None
    try:
        check_ready(composition.service, newest)
    except Unavailable as error:
        if is_embedded and error.__cause__ is None:
            return Finding("database", True, "Embedded; it starts, and `runbook up` migrates it.")
        return Finding("database", False, f"{error.message}{_reason(error)}", error.hint or "")
    where = "Embedded; it starts, and is" if is_embedded else "Reachable, and"
    return Finding("database", True, f"{where} at migration {newest}.")


def _reason(error: Unavailable) -> str:
    """What the driver says, in one line; it names host and user, never the password."""
    said = str(getattr(error.__cause__, "orig", None) or "").strip()
    return f" ({' '.join(said.split())})" if said else ""


def _redis(settings: Settings, composition: Composition) -> Finding:
    try:
        composition.redis.ping()
    except RedisError as error:
        return Finding("redis", False, f"It cannot be reached ({error}).", "REDIS_URL says where it is.")
    return Finding("redis", True, "Embedded; it starts." if settings.redis_url is None else "Reachable.")


def _slack_token(settings: Settings) -> Finding:
    name = "slack token"
    if not settings.slack_bot_token:
        return _missing(name, "SLACK_BOT_TOKEN")
    client = WebClient(settings.slack_bot_token, settings.slack_api_url, SECONDS, retry_handlers=[])
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        return Finding(name, False, f"Slack refuses it: {error.response['error']}.", _set("SLACK_BOT_TOKEN"))
    except (OSError, SlackClientError) as error:
        hint = "Can this machine reach it? SLACK_API_URL says where it is."
        return Finding(name, False, f"{settings.slack_api_url} does not answer ({error}).", hint)
    return Finding(name, True, f"Good: {answer['user']} in {answer['team']}.")


def _signing_secret(settings: Settings) -> Finding:
    if not settings.slack_signing_secret:
        return _missing("signing secret", "SLACK_SIGNING_SECRET")
    return Finding(
        "signing secret", True, "Set. Only a request of Slack's shows whether it is the right one."
    )


def _missing(name: str, setting: str) -> Finding:
    return Finding(name, False, f"{setting} is not set.", _set(setting))


def _set(setting: str) -> str:
    return f"Set {setting}: {NEEDED_FOR[setting]}."


def egress_finding(settings: Settings) -> Finding:
    """Whether RUNBOOK_EGRESS lists names, addresses and CIDRs, and nothing else."""
    policy = EgressPolicy.parse(settings.egress_entries)
    wrong = sorted(name for name in policy.names if not HOST_NAME.fullmatch(name))
    if wrong:
        hint = "RUNBOOK_EGRESS lists names, *.names, addresses and CIDRs, with commas between them."
        return Finding("egress", False, f"{', '.join(wrong)}: no name, address or CIDR.", hint)
    allowed = ", ".join(settings.egress_entries)
    return Finding("egress", True, f"http steps reach only {allowed}." if allowed else EVERYWHERE)


def _shell(settings: Settings, environ: Mapping[str, str]) -> Finding:
    """A command is really run, under the guard that shell steps have."""
    if settings.shell == "off":
        return Finding("shell", True, "Off: shell steps fail. RUNBOOK_SHELL=on allows them on the workers.")
    try:
        result = ProcessRunner(command_path(environ)).run(
            Command(["true"]), timedelta(seconds=SECONDS), Event()
        )
    except OSError as error:
        return Finding("shell", False, f"No command can be run here: {error}.", "Or set RUNBOOK_SHELL=off.")
    if result.exit_code != 0:
        said = result.stderr.strip() or f"status {result.exit_code}"
        return Finding("shell", False, f"`true` could not be run: {said}.", "Or set RUNBOOK_SHELL=off.")
    return Finding("shell", True, "On: shell steps run as the workers' user.")
