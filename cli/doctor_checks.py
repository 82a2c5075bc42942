"""The doctor's checks of egress, shell steps, secrets, tokens and running processes."""

import os
import pwd
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event

from sqlalchemy.exc import SQLAlchemyError

from cli.command_path import command_path
from cli.compose import Composition
from cli.confinement import confinement_of
from cli.secret_sources import secret_values
from cli.secrets import hosts_of
from cli.tokens import narrowed_notice
from core.decisions.heartbeats import Liveness
from core.definitions.secret import EnvironmentSource, SecretDefinition
from core.errors import ConfigurationError, RunbookError
from core.execution.secrets import SecretValues
from core.io.confinement import Confinement, Programs
from core.io.egress import EVERY_NAME, EgressPolicy
from core.io.process import Command, ProcessRunner
from core.services.access.secret_suggestions import misused_secrets, suggested_secrets
from core.services.access.secrets import declared_secrets
from core.services.access.tokens import expiring_tokens, narrowed_tokens
from core.services.operations.health import present_processes
from core.settings import Settings
from core.tables import ApiToken
from core.unit_of_work import UnitOfWorkFactory
from core.values.secret_places import VARIABLE_PREFIX

SECONDS = 5
HOST_NAME = re.compile(
    r"(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*\.?"
)
EVERYWHERE = "http steps can reach global addresses, but no private ones."


@dataclass(frozen=True)
class Finding:
    """The result of one check: its name, whether it passed, what was found, and how to fix it."""

    name: str
    ok: bool
    message: str
    hint: str = ""


def egress(settings: Settings) -> Finding:
    """Check that RUNBOOK_EGRESS lists only names, addresses and CIDRs."""
    policy = EgressPolicy.parse(settings.egress_entries)
    wrong = sorted(name for name in policy.names - {EVERY_NAME} if not HOST_NAME.fullmatch(name))
    if wrong:
        hint = "Separate names, *.names, addresses and CIDRs in RUNBOOK_EGRESS with commas; * allows global addresses."
        return Finding("egress", False, f"Not a name, address or CIDR: {', '.join(wrong)}.", hint)
    allowed = ", ".join(settings.egress_entries)
    return Finding("egress", True, f"http steps can reach only {allowed}." if allowed else EVERYWHERE)


def shell(settings: Settings, environ: Mapping[str, str]) -> Finding:
    """Check shell steps by running a command, confined as theirs are."""
    if settings.shell == "off":
        return Finding(
            "shell", True, "Off: shell steps fail. To allow them, set RUNBOOK_SHELL=on on the workers."
        )
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
        said = result.stderr.strip() or f"exit status {result.exit_code}"
        return Finding("shell", False, f"`true` could not be run: {said}.", "Or set RUNBOOK_SHELL=off.")
    if missing := confinement.programs.missing():
        hint = "RUNBOOK_SHELL_PROGRAMS takes full paths; a folder ends in /."
        return Finding("shell", False, f"Not on this machine: {', '.join(missing)}.", hint)
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
    """Check that secrets are declared, used as declared, and readable here. Needs a readable database."""
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
        yield Finding("secrets", False, f"Used but not declared: {', '.join(undeclared)}.", SUGGEST)
    for sentence in misused:
        yield Finding("secrets", False, sentence, "Change the definition; this step fails.")
    missing = list(_missing(declared, values))
    for sentence in missing:
        yield Finding(
            "secrets",
            False,
            sentence,
            "Set it where the workers run; if they run on another host, check it there.",
        )
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
    unused = f" Set but not declared, so unused: {', '.join(idle)}." if idle else ""
    return f"{len(declared)} declared, all readable.{unused}"


SOON = timedelta(days=14)


def tokens(unit_of_work: UnitOfWorkFactory) -> Iterator[Finding]:
    """Report tokens that were narrowed or expire soon; nothing if the database cannot be read (another finding)."""
    try:
        with unit_of_work.begin() as work:
            narrowed, ending = narrowed_tokens(work), expiring_tokens(work, SOON)
    except SQLAlchemyError:
        return
    said = [narrowed_notice(len(narrowed))] if narrowed else []
    said += [f"{_named(row)} expires on {row.expires_at:%Y-%m-%d}." for row in ending]
    hint = "Create a replacement in time with `runbook token create`." if ending else ""
    yield Finding("tokens", True, " ".join(said) or "None was narrowed, and none expires soon.", hint)


def _named(row: ApiToken) -> str:
    return f"{row.id} ({row.name}, {row.slack_user_id})"


START = (
    "Start one with `runbook {}`. If one is already running on another host, it cannot reach this database."
)


def processes(unit_of_work: UnitOfWorkFactory) -> list[Finding]:
    """Return a finding for each kind of process. Needs an up-to-date schema."""
    with unit_of_work.begin() as work:
        return [_finding(each) for each in present_processes(work)]


def _finding(presence: Liveness) -> Finding:
    _, _, message = str(presence).partition(": ")
    said = f"{message[0].upper()}{message[1:]}."
    return Finding(
        presence.kind, presence.alive > 0, said, "" if presence.alive else START.format(presence.kind)
    )
