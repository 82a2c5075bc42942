"""The CEL library without its command line.

`import cel` also imports an interactive shell: prompt_toolkit, pygments and rich, two hundred modules that no
process of ours uses. An empty module stands in its place while the rest is imported. Import `cel` from here alone.
"""

import sys
from types import ModuleType

SHELL = "cel.cli"

sys.modules.setdefault(SHELL, ModuleType(SHELL))

import cel  # noqa: E402 not before its shell is covered
from cel.stdlib import EXTENSIONS  # noqa: E402

__all__ = ["EXTENSIONS", "cel"]
