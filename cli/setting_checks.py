"""The doctor's checks of settings that are well-formed but may still be wrong."""

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

from cli.doctor_checks import Finding
from cli.serving import host_of, listen
from core.errors import RunbookError
from core.io.secret_sources import EnvironmentSecrets, read_file
from core.settings import NEEDED_FOR, Settings
from core.unit_of_work import UnitOfWorkFactory

# https://docs.slack.dev/authentication/verifying-requests-from-slack: 32 hexadecimal digits
SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")
SHORTEST_SECRET = 16  # characters, for a Slack other than the real one
SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,20}")  # https://docs.slack.dev/reference/objects/user-object
FAR_OFF = timedelta(seconds=60)  # from five minutes on, Slack's requests are refused
SECONDS = 3


def signing_secret(settings: Settings) -> Finding:
    """Check that the signing secret has the right shape; Slack offers no way to check more."""
    name, secret = "signing secret", settings.slack_signing_secret
    if not secret:
        hint = "Set SLACK_SIGNING_SECRET: copy it from your Slack app's Basic Information page."
        return Finding(name, False, "SLACK_SIGNING_SECRET is not set.", hint)
    is_slacks = (urlsplit(settings.slack_api_url).hostname or "").endswith("slack.com")
    is_well = bool(SIGNING_SECRET.fullmatch(secret)) if is_slacks else len(secret) >= SHORTEST_SECRET
    if not is_well:
        return Finding(
            name,
            False,
            f"SLACK_SIGNING_SECRET has {len(secret)} characters; Slack's are 32 hexadecimal digits.",
            "Copy the Signing Secret (not a token or the client secret) from your app's Basic Information page.",
        )
    return Finding(name, True, "Set. Only a request from Slack can show whether it is the right one.")


def admins(settings: Settings) -> Finding:
    """Check RUNBOOK_ADMINS: without platform admins nobody can approve a definition."""
    name, ids = "admins", sorted(settings.platform_admins)
    hint = "Set RUNBOOK_ADMINS to Slack user ids such as U024BE7LH, with commas (a profile's menu: Copy member ID)."
    if not ids:
        return Finding(name, False, "RUNBOOK_ADMINS is not set: nobody can approve a definition.", hint)
    wrong = [each for each in ids if not SLACK_ID.fullmatch(each)]
    if wrong:
        return Finding(name, False, f"RUNBOOK_ADMINS: not a Slack user id: {', '.join(wrong)}.", hint)
    return Finding(name, True, f"{', '.join(ids)}.")


def sign_in(settings: Settings) -> Finding:
    """Check that people can sign in to the pages, or that none of the settings for it is there."""
    name, needed = "sign in", ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "PUBLIC_URL")
    client = (settings.slack_client_id, settings.slack_client_secret)
    if not any(client):
        return Finding(
            name, True, "SLACK_CLIENT_ID is not set: pages open with a signed link or a token only."
        )
    missing = [each for each, value in zip(needed, (*client, settings.public_url), strict=True) if not value]
    if missing:
        hint = f"Set {missing[0]}: {NEEDED_FOR[missing[0]]}."
        return Finding(name, False, f"{' and '.join(missing)} must be set for people to sign in.", hint)
    return Finding(name, True, f"People sign in with Slack at {settings.public_url}.")


def port(settings: Settings) -> Finding:
    """Check that `web` could listen on its port, or already does."""
    host = host_of(settings)
    try:
        listen(host, settings.port).close()
    except RunbookError as error:
        if _web_answers(host, settings.port):
            return Finding("port", True, f"`runbook web` answers on port {settings.port}.")
        return Finding("port", False, error.message, error.hint or "Set HOST to an address of this machine.")
    return Finding("port", True, f"Port {settings.port} of {host} is free.")


def _web_answers(host: str, number: int) -> bool:
    here = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host  # noqa: S104
    try:
        answer = httpx2.get(f"http://{here}:{number}/healthz", timeout=SECONDS, trust_env=False)
    except (httpx2.HTTPError, httpx2.InvalidURL):
        return False
    return answer.text == "ok\n"


def clocks(unit_of_work: UnitOfWorkFactory, settings: Settings) -> Iterator[Finding]:
    """Compare this machine's clock with the database's and Slack's."""
    here = datetime.now(UTC)
    known = {"the database's": _of_database(unit_of_work), "Slack's": _of_slack(settings.slack_api_url)}
    off = {whose: here - there for whose, there in known.items() if there is not None}
    wrong = [f"{_by(difference)} {whose}" for whose, difference in off.items() if abs(difference) > FAR_OFF]
    if wrong:
        hint = "Set it with NTP (chrony, systemd-timesyncd): if it is 5 minutes off, Slack's requests are refused."
        yield Finding("time", False, f"This machine's clock is {' and '.join(wrong)}.", hint)
    elif off:
        yield Finding("time", True, f"This machine's clock agrees with {' and '.join(off)}.")


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
    """Return the time in the `Date` header of any answer, to the second (RFC 9110, section 6.6.1)."""
    try:
        date = httpx2.get(url, timeout=SECONDS, follow_redirects=False).headers.get("Date", "")
        return parsedate_to_datetime(date)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return None


def files(settings: Settings, environ: Mapping[str, str]) -> Finding:
    """Check the files and folders in the settings, whether or not a definition uses them."""
    wrong = [*_secret_files(environ), *_other_files(settings)]
    if wrong:
        hint = "Make it readable for this user, or remove the setting."
        return Finding("files", False, " ".join(wrong), hint)
    return Finding("files", True, "All files and folders in the settings can be used.")


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
            yield f"RUNBOOK_SECRET_FOLDERS contains {folder}, which is not a folder."
    file = settings.audit_head_file
    if file is not None and not os.access(file if file.exists() else file.absolute().parent, os.W_OK):
        yield f"RUNBOOK_AUDIT_HEAD_FILE is {file}, which is not writable."
