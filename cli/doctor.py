"""`runbook doctor`: check everything that the service needs, and say how to fix what is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from redis.exceptions import ReadOnlyError, RedisError

from bot.pages.health import check_ready
from cli.client.connection import print_json
from cli.client.output import table
from cli.compose import Composition, reachable
from cli.doctor_checks import Finding, egress, processes, secrets, shell, tokens
from cli.embedded import EmbeddedServiceError
from cli.environment import environment
from cli.installed_packages import installed_packages
from cli.operator_errors import sentence_of
from cli.setting_checks import admins, clocks, files, port, sign_in, signing_secret
from cli.slack_checks import slack
from core.database import check_sessions
from core.errors import ConfigurationError, RunbookError, Unavailable
from core.settings import Settings
from migrations.newest import newest_revision

PROBE = "runbook:doctor"

app = typer.Typer()


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check the settings, the database, Redis, Slack, and what steps may do."""
    findings = list(examine(environment()))
    well = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": well, "checks": [asdict(finding) for finding in findings]})
    else:
        rows = [("ok" if each.ok else "WRONG", each.name, f"{each.message} {each.hint}") for each in findings]
        table(("", "check", "result"), rows, whole=2)
    raise typer.Exit(0 if well else 1)


def examine(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield all findings; if the settings are invalid, only that one."""
    try:
        settings = Settings.from_environment(environ)
    except ConfigurationError as error:
        yield Finding("settings", False, error.message, error.hint or "Correct the setting.")
        return
    yield Finding("settings", True, "Valid.")
    yield installed_packages()
    yield from _services(settings, environ)
    yield from slack(settings)
    yield signing_secret(settings)
    yield sign_in(settings)
    yield admins(settings)
    yield port(settings)
    yield files(settings, environ)
    yield egress(settings)
    yield shell(settings, environ)


def _services(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the findings about the servers; starts the embedded ones, to check that they can be started."""
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
        yield Finding("services", False, str(error), "Or set DATABASE_URL and REDIS_URL to your own servers.")
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
            return Finding("database", True, "Embedded; it starts, and `runbook up` will migrate it.")
        return Finding("database", False, f"{error.message}{_reason(error)}", error.hint or "")
    where = "Embedded; it starts" if is_embedded else "Reachable"
    return Finding("database", True, f"{where}, at migration {schema.revision}.")


def _reason(error: RunbookError) -> str:
    """Return the driver's message in one line; it names the host and the user, never the password."""
    said = str(getattr(error.__cause__, "orig", None) or "").strip()
    return f" ({' '.join(said.split())})" if said else ""


def _redis(settings: Settings, composition: Composition) -> Finding:
    """Check that Redis accepts writes and is not a cluster: the job queue spans several keys."""
    try:
        if composition.redis.info("cluster").get("cluster_enabled"):
            return Finding(
                "redis", False, "A Redis Cluster cannot hold the job queue.", "Use a single server."
            )
        composition.redis.set(PROBE, "1", ex=10)
    except ReadOnlyError:
        hint = "Set REDIS_URL to the primary, or to sentinels: redis+sentinel://host,host/SERVICE."
        return Finding("redis", False, "It is a replica, which accepts no writes.", hint)
    except RedisError as error:
        return Finding("redis", False, f"Redis cannot be used ({error}).", "Check REDIS_URL.")
    return Finding("redis", True, "Embedded; it starts." if settings.redis_url is None else "Reachable.")
