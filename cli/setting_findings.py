"""What the doctor finds of settings that can be read, and are wrong all the same."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from cli.findings import Finding
from cli.serving import host_of, listen
from core.errors import RunbookError
from core.io.secret_sources import EnvironmentSecrets, read_file
from core.settings import Settings
from core.unit_of_work import UnitOfWorkFactory

# https://docs.slack.dev/authentication/verifying-requests-from-slack: 32 hexadecimal digits
SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")
SHORTEST_SECRET = 16  # characters, where Slack is not the real one
SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,20}")  # https://docs.slack.dev/reference/objects/user-object
FAR_OFF = timedelta(seconds=60)  # Slack's requests are refused from five minutes on
SECONDS = 3


def signing_secret(settings: Settings) -> Finding:
    """Whether it has the shape of Slack's; Slack has no call that tells more."""
    name, secret = "signing secret", settings.slack_signing_secret
    if not secret:
        hint = "Set SLACK_SIGNING_SECRET: it is on your Slack app's page Basic Information."
        return Finding(name, False, "SLACK_SIGNING_SECRET is not set.", hint)
    is_slacks = (urlsplit(settings.slack_api_url).hostname or "").endswith("slack.com")
    is_well = bool(SIGNING_SECRET.fullmatch(secret)) if is_slacks else len(secret) >= SHORTEST_SECRET
    if not is_well:
        return Finding(
            name,
            False,
            f"SLACK_SIGNING_SECRET has {len(secret)} characters; Slack's are 32 hexadecimal digits.",
            "Copy the Signing Secret (no token, no client secret) from your Slack app's page Basic Information.",
        )
    return Finding(name, True, "Set. Only a request of Slack's shows whether it is the right one.")


def admins(settings: Settings) -> Finding:
    """Without platform admins nobody can approve a definition."""
    name, ids = "admins", sorted(settings.platform_admins)
    hint = "RUNBOOK_ADMINS lists Slack user ids with commas, such as U024BE7LH: a profile's menu has `Copy member ID`."
    if not ids:
        return Finding(name, False, "RUNBOOK_ADMINS is not set: nobody can approve a definition.", hint)
    wrong = [each for each in ids if not SLACK_ID.fullmatch(each)]
    if wrong:
        return Finding(name, False, f"RUNBOOK_ADMINS has {', '.join(wrong)}: no id of a Slack user.", hint)
    return Finding(name, True, f"{', '.join(ids)}.")


def port(settings: Settings) -> Finding:
    """Whether `web` could listen, or is it that listens."""
    host = host_of(settings)
    try:
        listen(host, settings.port).close()
    except RunbookError as error:
        if _web_answers(host, settings.port):
            return Finding("port", True, f"`runbook web` answers on port {settings.port}.")
        return Finding("port", False, error.message, error.hint or "HOST names an address of this machine.")
    return Finding("port", True, f"{settings.port} of {host} is free.")


def _web_answers(host: str, number: int) -> bool:
    here = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host  # noqa: S104
    try:
        answer = httpx2.get(f"http://{here}:{number}/healthz", timeout=SECONDS, trust_env=False)
    except (httpx2.HTTPError, httpx2.InvalidURL):
        return False
    return answer.text == "ok\n"


def clocks(unit_of_work: UnitOfWorkFactory, settings: Settings) -> Iterator[Finding]:
    """This machine's clock against the database's, and against Slack's."""
    here = datetime.now(UTC)
    known = {"the database's": _of_database(unit_of_work), "Slack's": _of_slack(settings.slack_api_url)}
    off = {whose: here - there for whose, there in known.items() if there is not None}
    wrong = [f"{_by(difference)} {whose}" for whose, difference in off.items() if abs(difference) > FAR_OFF]
    if wrong:
        hint = "Have it set by NTP (chrony, systemd-timesyncd): Slack's requests are refused if it is 5 minutes off."
        yield Finding("time", False, f"This machine's clock is {', and '.join(wrong)}.", hint)
    elif off:
        yield Finding("time", True, f"As {' and '.join(off)}.")


def _by(difference: timedelta) -> str:
    seconds = round(abs(difference).total_seconds())
    return f"{seconds} s {'ahead of' if difference > timedelta(0) else 'behind'}"


def _of_database(unit_of_work: UnitOfWorkFactory) -> datetime | None:
    try:
        with unit_of_work.engine.connect() as connection:
            there: datetime | None = connection.scalar(select(func.clock_timestamp()))
    except SQLAlchemyError:
        return None
    return there


def _of_slack(url: str) -> datetime | None:
    """By the header `Date` of any answer, to the second (RFC 9110, section 6.6.1)."""
    try:
        told = httpx2.get(url, timeout=SECONDS, follow_redirects=False).headers.get("Date", "")
        return parsedate_to_datetime(told)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return None


def files(settings: Settings, environ: Mapping[str, str]) -> Finding:
    """The files and folders that settings name, whether a definition uses them or not."""
    wrong = [*_secret_files(environ), *_other_files(settings)]
    if wrong:
        hint = "Put it there, readable for this user, or take the setting away."
        return Finding("files", False, " ".join(wrong), hint)
    return Finding("files", True, "What settings name is there.")


def _secret_files(environ: Mapping[str, str]) -> Iterator[str]:
    values = EnvironmentSecrets(environ)
    for variable in values.variables():
        try:
            values.read(variable)
        except RunbookError as error:
            yield error.message


def _other_files(settings: Settings) -> Iterator[str]:
    if settings.vault_token_file:
        try:
            read_file(Path(settings.vault_token_file), "VAULT_TOKEN_FILE")
        except RunbookError as error:
            yield error.message
    for folder in settings.secret_folder_entries:
        if not Path(folder).is_dir():
            yield f"RUNBOOK_SECRET_FOLDERS names {folder}, and there is no such folder."
    file = settings.audit_head_file
    if file is not None and not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
        yield f"RUNBOOK_AUDIT_HEAD_FILE is {file}, and that cannot be written."
