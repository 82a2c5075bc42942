"""What the doctor finds of Slack, and of what steps may do."""

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from cli.command_path import command_path
from cli.confinement import confinement_of
from core.errors import ConfigurationError
from core.io.confinement import Confinement, Programs
from core.io.egress import EVERY_NAME, EgressPolicy
from core.io.process import Command, ProcessRunner
from core.settings import NEEDED_FOR, Settings

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
