"""`runbook doctor`: whether everything is there that the service needs, and what to do where it is not."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from redis.exceptions import ReadOnlyError, RedisError

from bot.pages.health import check_ready
from cli.client.connection import print_json
from cli.client.output import table
from cli.compose import Composition, reachable
from cli.embedded import EmbeddedServiceError
from cli.environment import environment
from cli.findings import Finding, egress, processes, secrets, shell, slack_token, tokens
from cli.operator_errors import sentence_of
from cli.setting_findings import admins, clocks, files, port, signing_secret
from core.database import check_sessions
from core.errors import ConfigurationError, RunbookError, Unavailable
from core.settings import Settings
from migrations.newest import newest_revision

PROBE = "runbook:doctor"

app = typer.Typer()


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False) -> None:
    """Check settings, database, Redis, Slack and what steps may do."""
    findings = list(examine(environment()))
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
    yield from _services(settings, environ)
    yield slack_token(settings)
    yield signing_secret(settings)
    yield admins(settings)
    yield port(settings)
    yield files(settings, environ)
    yield egress(settings)
    yield shell(settings, environ)


def _services(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Embedded servers are started for the look: whether they can be is what is asked."""
    try:
        with reachable(settings) as found, Composition.of(found) as composition:
            database = _database(settings, composition)
            yield database
            yield _redis(settings, composition)
            yield from clocks(composition.unit_of_work, settings)
            yield from tokens(composition.unit_of_work)
            if database.ok and settings.database_url is not None:
                yield from secrets(composition, environ)
                yield from processes(composition.unit_of_work)
    except EmbeddedServiceError as error:
        yield Finding(
            "services", False, str(error), "Or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    except ConfigurationError as error:
        yield Finding("services", False, error.message, error.hint or "")
    except OSError as error:
        said = sentence_of(error, settings.home) or str(error)
        yield Finding("services", False, said.removeprefix("runbook: "))


def _database(settings: Settings, composition: Composition) -> Finding:
    is_embedded = settings.database_url is None
    try:
        schema = check_ready(composition.unit_of_work, newest_revision())
        check_sessions(composition.unit_of_work.engine)
    except (Unavailable, ConfigurationError) as error:
        if is_embedded and error.__cause__ is None:
            return Finding("database", True, "Embedded; it starts, and `runbook up` migrates it.")
        return Finding("database", False, f"{error.message}{_reason(error)}", error.hint or "")
    where = "Embedded; it starts, and is" if is_embedded else "Reachable, and"
    return Finding("database", True, f"{where} at migration {schema.revision}.")


def _reason(error: RunbookError) -> str:
    """What the driver says, in one line; it names host and user, never the password."""
    said = str(getattr(error.__cause__, "orig", None) or "").strip()
    return f" ({' '.join(said.split())})" if said else ""


def _redis(settings: Settings, composition: Composition) -> Finding:
    """It must take writes, and be one server: rings are a queue that several keys make up."""
    try:
        if composition.redis.info("cluster").get("cluster_enabled"):
            return Finding(
                "redis", False, "It is a Redis Cluster, which no queue can be in.", "Take a single server."
            )
        composition.redis.set(PROBE, "1", ex=10)
    except ReadOnlyError:
        hint = "REDIS_URL names the primary, or sentinels: redis+sentinel://host,host/SERVICE."
        return Finding("redis", False, "It is a replica, which takes no writes.", hint)
    except RedisError as error:
        return Finding("redis", False, f"It cannot be used ({error}).", "REDIS_URL says where it is.")
    return Finding("redis", True, "Embedded; it starts." if settings.redis_url is None else "Reachable.")
