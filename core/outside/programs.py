"""Which programs shell steps may run."""

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigurationError, NotAllowed

# Of these some have any program run what is not on the list: ld.so(8), and the manuals of the interpreters.
GOVERNS_PROGRAMS = re.compile(
    r"LD_.*|GCONV_PATH|GLIBC_TUNABLES|BASH_ENV|ENV|SHELLOPTS|PYTHON.*|PERL.*|RUBY.*|NODE_.*|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS"
)


@dataclass(frozen=True)
class Programs:
    """Absolute paths; one that ends in `/` means every program below that folder. None at all: any program."""

    entries: tuple[str, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "Programs":
        """Raises ConfigurationError for an entry that is no absolute path."""
        listed = tuple(entries)
        for entry in listed:
            if not entry.startswith("/"):
                raise ConfigurationError(
                    f"RUNBOOK_SHELL_PROGRAMS names {entry!r}, which is no absolute path.",
                    hint="List whole paths with commas between them; a folder ends in /.",
                )
        return cls(listed)

    def missing(self) -> tuple[str, ...]:
        """The entries that are not there on this machine."""
        return tuple(entry for entry in self.entries if not os.access(entry, os.X_OK))

    def allows(self, program: str) -> bool:
        """Compared by what symbolic links lead to, on both sides. A script is itself, not its interpreter."""
        real = Path(program).resolve()
        return any(
            Path(entry).resolve() in real.parents if entry.endswith("/") else real == Path(entry).resolve()
            for entry in self.entries
        )

    def find(self, name: str, path: str, directory: str | None) -> str:
        """The absolute path of the program to run. Raises NotAllowed for what is not on the list, or not there.

        `path`: as of PATH. `directory`: what a relative path with a slash is below.
        """
        found = str(Path(directory or "", name)) if "/" in name else shutil.which(name, path=path)
        if found is None or not Path(found).is_absolute():
            raise NotAllowed(f"There is no program {name} in {directory or path}.", hint=self._hint())
        if not self.allows(found):
            raise NotAllowed(f"The program {Path(found).resolve()} may not be run here.", hint=self._hint())
        return found

    def check_environment(self, environment: Mapping[str, str]) -> None:
        """Raises NotAllowed for a variable by which an allowed program would run something else."""
        for name in environment:
            if GOVERNS_PROGRAMS.fullmatch(name):
                raise NotAllowed(
                    f"A step may not set {name} here: it would have a program run what it was not made for.",
                    hint="RUNBOOK_SHELL_PROGRAMS or RUNBOOK_SHELL_WRAPPER is set for the workers.",
                )

    def _hint(self) -> str:
        return f"RUNBOOK_SHELL_PROGRAMS lists what may: {', '.join(self.entries)}."
