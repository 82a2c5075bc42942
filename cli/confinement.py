"""The user and the wrapper that shell steps run under: taken from settings and checked against this machine."""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from cli.command_path import command_path
from cli.embedded.files import Files
from core.errors import ConfigurationError
from core.io.confinement import NEEDED, Account, Confinement, Programs, may_become
from core.io.process import ProcessRunner
from core.settings import Settings

AS_ROOT = (
    "Shell steps would run as root, who can read the service's secrets and change anything on this machine."
)
MAKE_A_USER = (
    "Set RUNBOOK_SHELL_USER to a user that owns nothing (`useradd --system runbook-shell`), or start the worker as an "
    "ordinary user. To run them as root on purpose, set RUNBOOK_SHELL_USER=root."
)


def process_runner(settings: Settings, environ: Mapping[str, str]) -> ProcessRunner:
    """Return the runner of shell commands. Raises ConfigurationError if the settings are unsafe or impossible here."""
    return ProcessRunner(command_path(environ), confinement_of(settings, environ))


def confinement_of(settings: Settings, environ: Mapping[str, str]) -> Confinement:
    """Return the confinement of shell steps. Raises ConfigurationError, with a hint at what to set."""
    programs = Programs.parse(settings.shell_program_entries)
    return Confinement(_account(settings), _wrapper(settings.shell_wrapper, command_path(environ)), programs)


def _account(settings: Settings) -> Account | None:
    """Return the account that commands run as; None means the worker's own."""
    ours = os.geteuid()
    if not settings.shell_user and ours == 0:
        raise ConfigurationError(AS_ROOT, hint=MAKE_A_USER)
    account = Account.named(settings.shell_user) if settings.shell_user else None
    if account is None or account.uid == ours:
        return None
    if not may_become(account.uid, Path("/proc/self/status").read_text(encoding="utf-8")):
        raise ConfigurationError(
            f"RUNBOOK_SHELL_USER is {account.name}, but this worker may not run commands as another user.",
            hint=f"Start the worker as root, or with these ambient capabilities: {', '.join(NEEDED)}.",
        )
    _refuse_the_databases_user(account, settings.home)
    return account


def _refuse_the_databases_user(account: Account, home: Path) -> None:
    """When started as root, the embedded PostgreSQL runs as an ordinary user, whose commands could write its files."""
    if account.uid != 0 and _owner(Files(home, "postgres").folder) == account.uid != os.geteuid():
        raise ConfigurationError(
            f"RUNBOOK_SHELL_USER is {account.name}, the user that the embedded PostgreSQL runs as: commands could "
            "change its files.",
            hint="Use a separate user: `useradd --system runbook-shell` creates one.",
        )


def _owner(folder: Path) -> int | None:
    """Return the folder's owner, or None if the folder does not exist or is not visible, so holds no server of ours."""
    try:
        return folder.stat().st_uid
    except OSError:
        return None


def _wrapper(words: str, path: str) -> tuple[str, ...]:
    """Return the wrapper's argv with an absolute program path, so that a step's PATH cannot replace it."""
    try:
        argv = shlex.split(words)
    except ValueError as error:
        raise ConfigurationError(f"RUNBOOK_SHELL_WRAPPER cannot be parsed: {error}.") from None
    if not argv:
        return ()
    program = shutil.which(argv[0], path=path)
    if program is None:
        raise ConfigurationError(
            f"RUNBOOK_SHELL_WRAPPER starts with {argv[0]}, but there is no such program here.",
            hint="Install it, or give its full path.",
        )
    return (str(Path(program).absolute()), *argv[1:])
