"""The PATH of shell steps."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def command_path(environ: Mapping[str, str]) -> str:
    """Return the PATH for shell steps: the folder of this interpreter, then the worker's own PATH."""
    return os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
