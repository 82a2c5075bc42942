"""As whom and under what this machine's workers run commands: settings, checked against the machine."""

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

AS_ROOT = "Shell steps would run as root, who can read what the service knows and change all there is here."
MAKE_A_USER = (
    "Set RUNBOOK_SHELL_USER to a user that owns nothing (`useradd --system runbook-shell`), or start the worker as an "
    "ordinary user. RUNBOOK_SHELL_USER=root says that root is meant."
)


def process_runner(settings: Settings, environ: Mapping[str, str]) -> ProcessRunner:
    """What runs the commands of shell steps. Raises ConfigurationError for what cannot, or must not, be done here."""
    return ProcessRunner(command_path(environ), confinement_of(settings, environ))


def confinement_of(settings: Settings, environ: Mapping[str, str]) -> Confinement:
    """Raises ConfigurationError, which says what to set."""
    programs = Programs.parse(settings.shell_program_entries)
    return Confinement(_account(settings), _wrapper(settings.shell_wrapper, command_path(environ)), programs)


def _account(settings: Settings) -> Account | None:
    """None for the worker's own."""
    ours = os.geteuid()
    if not settings.shell_user and ours == 0:
        raise ConfigurationError(AS_ROOT, hint=MAKE_A_USER)
    account = Account.named(settings.shell_user) if settings.shell_user else None
    if account is None or account.uid == ours:
        return None
    if not may_become(account.uid, Path("/proc/self/status").read_text(encoding="utf-8")):
        raise ConfigurationError(
            f"RUNBOOK_SHELL_USER is {account.name}, and this worker may not run commands as another user.",
            hint=f"Start it as root, or with these ambient capabilities: {', '.join(NEEDED)}.",
        )
    _refuse_the_databases_user(account, settings.home)
    return account


def _refuse_the_databases_user(account: Account, home: Path) -> None:
    """Started as root, the embedded PostgreSQL runs as an ordinary user: its files would be any command's."""
    if account.uid != 0 and _owner(Files(home, "postgres").folder) == account.uid != os.geteuid():
        raise ConfigurationError(
            f"RUNBOOK_SHELL_USER is {account.name}, as whom the embedded PostgreSQL runs: commands could change its "
            "files.",
            hint="Name a user of its own: `useradd --system runbook-shell` makes one.",
        )


def _owner(folder: Path) -> int | None:
    """None where there is none, or none that we can see: then no server of ours is in it."""
    try:
        return folder.stat().st_uid
    except OSError:
        return None


def _wrapper(words: str, path: str) -> tuple[str, ...]:
    """By its absolute path: no step's PATH leads to another one."""
    try:
        argv = shlex.split(words)
    except ValueError as error:
        raise ConfigurationError(f"RUNBOOK_SHELL_WRAPPER cannot be read: {error}.") from None
    if not argv:
        return ()
    program = shutil.which(argv[0], path=path)
    if program is None:
        raise ConfigurationError(
            f"RUNBOOK_SHELL_WRAPPER begins with {argv[0]}, and there is no such program here.",
            hint="Install it, or write its whole path.",
        )
    return (str(Path(program).absolute()), *argv[1:])
