"""The CEL library without its command line.

`import cel` also imports an interactive shell: prompt_toolkit, pygments and rich, two hundred modules that no process
here uses. An empty module takes its place during the import. Import `cel` only from here.
"""

import sys
from types import ModuleType

SHELL = "cel.cli"

sys.modules.setdefault(SHELL, ModuleType(SHELL))

import cel  # noqa: E402 only after its shell has been replaced
from cel.stdlib import EXTENSIONS  # noqa: E402

__all__ = ["EXTENSIONS", "cel"]
