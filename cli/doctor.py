"""`runbook doctor`: whether everything is there that the service needs, and what to do where it is not."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from threading import Event
from typing import Annotated

import typer
from redis.exceptions import RedisError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.pages.health import check_ready
from cli.client.options import print_json
from cli.client.output import table
from cli.compose import Composition, command_path, reachable
from cli.embedded import EmbeddedServiceError
from core.errors import ConfigurationError, RunbookError, Unavailable
from core.outside.egress import EgressPolicy
from core.outside.process import Command, ProcessRunner
from core.settings import NEEDED_FOR, Settings
from migrations.upgrade import newest_revision

app = typer.Typer()

SECONDS = 5
HOST_NAME = re.compile(
    r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*\.?"
)
EVERYWHERE = "http steps reach everything but loopback, link-local and metadata addresses"


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
    for name, check in (("database", _database), ("redis", _redis)):
        alone = {"redis_url": settings.redis_url or "redis://127.0.0.1:9"} if name == "database" else {}
        alone |= (
            {"database_url": settings.database_url or "postgresql://127.0.0.1:9/none"}
            if name == "redis"
            else {}
        )
        with ExitStack() as stack:
            try:
                found = stack.enter_context(reachable(settings.model_copy(update=alone)))
                composition = stack.enter_context(Composition.of(found))
            except EmbeddedServiceError as error:
                yield Finding(name, False, str(error), f"Or set {name.upper()}_URL.")
            else:
                yield check(settings, composition)


def _database(settings: Settings, composition: Composition) -> Finding:
    newest = newest_revision()
    try:
        check_ready(composition.service, newest)
    except Unavailable as error:
        unmigrated = settings.database_url is None and "migration" in error.message
        if unmigrated:
            return Finding("database", True, "Embedded, it starts.", "`runbook up` migrates it.")
        return Finding("database", False, error.message, error.hint or "")
    where = "Embedded, it starts" if settings.database_url is None else "Reachable"
    return Finding("database", True, f"{where}, at migration {newest}.")


def _redis(settings: Settings, composition: Composition) -> Finding:
    try:
        composition.redis.ping()
    except RedisError as error:
        return Finding("redis", False, f"It cannot be reached: {error}.", "REDIS_URL says where it is.")
    return Finding("redis", True, "Embedded, it starts." if settings.redis_url is None else "Reachable.")
