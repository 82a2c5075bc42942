"""Where shell steps look for their commands."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def command_path(environ: Mapping[str, str]) -> str:
    """PATH for shell steps: the worker's own, behind the scripts installed beside this interpreter."""
    return os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
