"""What the doctor finds: Slack, secrets, tokens, processes.

What the doctor finds of Slack, and of what steps may do.

What the doctor finds of secrets: those that nobody declared, and those that cannot be read here.

What the doctor finds of tokens: those that were narrowed, and those that end soon.

What the doctor finds of processes: those that the service cannot do without, and that nobody hears of.
"""

import os
import pwd
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from cli.command_path import command_path
from cli.compose import Composition
from cli.confinement import confinement_of
from cli.secret_ways import secret_values
from cli.secrets import hosts_of
from cli.tokens import narrowed_notice
from core.decisions.signs import Presence
from core.definitions.secret import VARIABLE_PREFIX, EnvironmentSource, SecretDefinition
from core.errors import ConfigurationError, RunbookError
from core.execution.secrets import SecretValues
from core.io.confinement import Confinement, Programs
from core.io.egress import EVERY_NAME, EgressPolicy
from core.io.process import Command, ProcessRunner
from core.services.access.secret_suggestions import misused_secrets, suggested_secrets
from core.services.access.secrets import declared_secrets
from core.services.access.tokens import expiring_tokens, narrowed_tokens
from core.services.operations.health import present_processes
from core.settings import NEEDED_FOR, Settings
from core.tables import ApiToken
from core.unit_of_work import UnitOfWorkFactory

SECONDS = 5
HOST_NAME = re.compile(
    r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*\.?"
)
EVERYWHERE = "http steps reach global addresses, and nothing private."


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and, where it is not, what to do."""

    name: str
    ok: bool
    message: str
    hint: str = ""


def slack_token(settings: Settings) -> Finding:
    """Asked of Slack itself."""
    name = "slack token"
    if not settings.slack_bot_token:
        return Finding(name, False, "SLACK_BOT_TOKEN is not set.", _set("SLACK_BOT_TOKEN"))
    client = WebClient(settings.slack_bot_token, settings.slack_api_url, SECONDS, retry_handlers=[])
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        return Finding(name, False, f"Slack refuses it: {error.response['error']}.", _set("SLACK_BOT_TOKEN"))
    except (OSError, SlackClientError) as error:
        hint = "Can this machine reach it? SLACK_API_URL says where it is."
        return Finding(name, False, f"{settings.slack_api_url} does not answer ({error}).", hint)
    if settings.slack_team_id not in ("", answer["team_id"]):
        message = (
            f"It is of the workspace {answer['team_id']}, and SLACK_TEAM_ID says {settings.slack_team_id}."
        )
        return Finding(name, False, message, "Requests of the workspace in SLACK_TEAM_ID alone are heard.")
    return Finding(name, True, f"Good: {answer['user']} in {answer['team']}.")


def _set(setting: str) -> str:
    return f"Set {setting}: {NEEDED_FOR[setting]}."


def egress(settings: Settings) -> Finding:
    """Whether RUNBOOK_EGRESS lists names, addresses and CIDRs, and nothing else."""
    policy = EgressPolicy.parse(settings.egress_entries)
    wrong = sorted(name for name in policy.names - {EVERY_NAME} if not HOST_NAME.fullmatch(name))
    if wrong:
        hint = "RUNBOOK_EGRESS lists names, *.names, addresses and CIDRs (and * for what is global), with commas."
        return Finding("egress", False, f"{', '.join(wrong)}: no name, address or CIDR.", hint)
    allowed = ", ".join(settings.egress_entries)
    return Finding("egress", True, f"http steps reach only {allowed}." if allowed else EVERYWHERE)


def shell(settings: Settings, environ: Mapping[str, str]) -> Finding:
    """A command is really run, under the guard that shell steps have."""
    if settings.shell == "off":
        return Finding("shell", True, "Off: shell steps fail. RUNBOOK_SHELL=on allows them on the workers.")
    try:
        confinement = confinement_of(settings, environ)
        result = ProcessRunner(command_path(environ), replace(confinement, programs=Programs())).run(
            Command(["true"]), timedelta(seconds=SECONDS), Event()
        )
    except ConfigurationError as error:
        return Finding("shell", False, error.message, error.hint or "")
    except OSError as error:
        return Finding("shell", False, f"No command can be run here: {error}.", "Or set RUNBOOK_SHELL=off.")
    if result.exit_code != 0:
        said = result.stderr.strip() or f"status {result.exit_code}"
        return Finding("shell", False, f"`true` could not be run: {said}.", "Or set RUNBOOK_SHELL=off.")
    if missing := confinement.programs.missing():
        hint = "RUNBOOK_SHELL_PROGRAMS lists whole paths; a folder ends in /."
        return Finding("shell", False, f"{', '.join(missing)}: no program of this machine.", hint)
    return Finding("shell", True, _how_commands_run(confinement))


def _our_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _how_commands_run(confinement: Confinement) -> str:
    user = confinement.account.name if confinement.account else f"the workers' user, {_our_name()}"
    under = f", under {Path(confinement.wrapper[0]).name}" if confinement.wrapper else ""
    listed = ", ".join(confinement.programs.entries)
    which = f"; only {listed}" if listed else "; any program"
    return f"On: shell steps run as {user}{under}{which}."


SUGGEST = "`runbook secrets suggest` prints declarations."


def secrets(composition: Composition, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Asked where the database can be read."""
    with composition.unit_of_work.begin() as work:
        declared = declared_secrets(work.session)
        undeclared = [str(each["name"]) for each in suggested_secrets(work, hosts_of(environ))]
        misused = misused_secrets(work)
    try:
        values = secret_values(composition.settings, environ)
    except RunbookError as error:
        yield Finding("secrets", False, error.message, error.hint or "")
        return
    if undeclared:
        yield Finding("secrets", False, f"Used, and not declared: {', '.join(undeclared)}.", SUGGEST)
    for sentence in misused:
        yield Finding("secrets", False, sentence, "Change the definition: that step fails.")
    missing = list(_missing(declared, values))
    for sentence in missing:
        yield Finding("secrets", False, sentence, "Set it where the workers run, if that is not here.")
    if not (undeclared or misused or missing):
        yield Finding("secrets", True, _well(declared, values))


def _missing(declared: Mapping[str, SecretDefinition], values: SecretValues) -> Iterator[str]:
    for name, definition in declared.items():
        try:
            values.read(definition.source)
        except RunbookError as error:
            yield f"{name}: {error.message}"


def _well(declared: Mapping[str, SecretDefinition], values: SecretValues) -> str:
    used = {each.source.env for each in declared.values() if isinstance(each.source, EnvironmentSource)}
    idle = [name.removeprefix(VARIABLE_PREFIX) for name in values.environment.variables() if name not in used]
    set_too = f" Set, and not declared, so used by nobody: {', '.join(idle)}." if idle else ""
    return f"{len(declared)} declared, and all can be read.{set_too}"


SOON = timedelta(days=14)


def tokens(unit_of_work: UnitOfWorkFactory) -> Iterator[Finding]:
    """One finding; none where the database is away, or not migrated yet, which another finding says."""
    try:
        with unit_of_work.begin() as work:
            narrowed, ending = narrowed_tokens(work), expiring_tokens(work, SOON)
    except SQLAlchemyError:
        return
    said = [narrowed_notice(len(narrowed))] if narrowed else []
    said += [f"{_named(row)} ends on {row.expires_at:%Y-%m-%d}." for row in ending]
    hint = "`runbook token create` makes another in time." if ending else ""
    yield Finding("tokens", True, " ".join(said) or "None was narrowed, and none ends soon.", hint)


def _named(row: ApiToken) -> str:
    return f"{row.id} ({row.name}, {row.slack_user_id})"


START = "`runbook {}` starts one; a host that is up and has one already does not reach this database."


def processes(unit_of_work: UnitOfWorkFactory) -> list[Finding]:
    """One for each kind of process. To be asked where the schema is as it should be."""
    with unit_of_work.begin() as work:
        return [_finding(each) for each in present_processes(work)]


def _finding(presence: Presence) -> Finding:
    _, _, message = str(presence).partition(": ")
    said = f"{message[0].upper()}{message[1:]}."
    return Finding(
        presence.kind, presence.alive > 0, said, "" if presence.alive else START.format(presence.kind)
    )
