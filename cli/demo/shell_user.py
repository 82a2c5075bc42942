"""As whom the demo's shell steps run."""

import os
import threading
from datetime import timedelta

from cli.command_path import command_path
from core.outside.confinement import Account, Confinement
from core.outside.process import Command, ProcessRunner

STRANGER = "65533"  # owns nothing; not nobody, as whom the embedded PostgreSQL runs
PATIENCE = timedelta(seconds=20)


def shell_user() -> str:
    """For root: somebody who owns nothing, if such a one can run the demo's command here; nothing for others.

    Where only root may enter the folder with our programs, root runs them, and the setting says so.
    """
    if os.geteuid() != 0:
        return ""
    stranger = Confinement(Account.named(STRANGER))
    runner = ProcessRunner(command_path(os.environ), stranger)
    result = runner.run(Command(["dbctl", "--help"]), PATIENCE, threading.Event())
    return STRANGER if result.exit_code == 0 else "root"
