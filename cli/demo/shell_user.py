"""As whom the demo's shell steps run."""

import os
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from cli.command_path import command_path
from core.io.confinement import Account, Confinement
from core.io.process import Command, ProcessRunner
from examples import targets

STRANGER = "65533"  # owns nothing; not nobody, as whom the embedded PostgreSQL runs
DEMO_PROGRAMS = Path(targets.__file__).with_name("bin")
PATIENCE = timedelta(seconds=20)


def demo_path(environ: Mapping[str, str]) -> str:
    """PATH of the demo's processes: the tool of its steps is there, though not installed with the product."""
    return os.pathsep.join([str(DEMO_PROGRAMS), environ.get("PATH", os.defpath)])


def shell_user() -> str:
    """For root: somebody who owns nothing, if such a one can run the demo's command here; nothing for others.

    Where only root may enter the folder with our programs, root runs them, and the setting says so.
    """
    if os.geteuid() != 0:
        return ""
    stranger = Confinement(Account.named(STRANGER))
    runner = ProcessRunner(command_path({"PATH": demo_path(os.environ)}), stranger)
    result = runner.run(Command(["dbctl", "--help"]), PATIENCE, threading.Event())
    return STRANGER if result.exit_code == 0 else "root"
