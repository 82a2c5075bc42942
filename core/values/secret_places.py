"""The places of secrets on a machine: how their environment variables are named, and where no file holds one.

Apart from `core.definitions.secret`, since every process reads the former, and few the latter.
"""

from pathlib import PurePosixPath

VARIABLE_PREFIX = "RUNBOOK_SECRET_"
NEVER_READ = frozenset(
    {"proc", "sys", "dev"}
)  # there, among other things, processes expose their environment


def is_of_the_system(path: PurePosixPath) -> bool:
    """Return whether the path belongs to a virtual file system of the kernel."""
    return len(path.parts) > 1 and path.parts[1] in NEVER_READ
