"""Confinement of shell steps: which programs they may run, as which user, and under which wrapper."""

import os
import pwd
import re
import shutil
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import ConfigurationError, NotAllowed

# With some of these, an allowed program would run code that is not on the list: see ld.so(8) and the interpreters'
# manuals.
GOVERNS_PROGRAMS = re.compile(
    r"LD_.*|GCONV_PATH|GLIBC_TUNABLES|BASH_ENV|ENV|SHELLOPTS|PYTHON.*|PERL.*|RUBY.*|NODE_.*|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS"
)


@dataclass(frozen=True)
class Programs:
    """The allowed programs, as absolute paths; a path that ends in `/` allows everything below that folder. Empty: any
    program.
    """

    entries: tuple[str, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "Programs":
        """Create from settings. Raises ConfigurationError for an entry that is not an absolute path."""
        listed = tuple(entries)
        for entry in listed:
            if not entry.startswith("/"):
                raise ConfigurationError(
                    f"RUNBOOK_SHELL_PROGRAMS names {entry!r}, which is not an absolute path.",
                    hint="List absolute paths, separated by commas; a folder ends in /.",
                )
        return cls(listed)

    def missing(self) -> tuple[str, ...]:
        """Return the entries that do not exist on this machine."""
        return tuple(entry for entry in self.entries if not os.access(entry, os.X_OK))

    def allows(self, program: str) -> bool:
        """Return whether the program is allowed, with symbolic links resolved on both sides. A script is itself."""
        real = Path(program).resolve()
        return any(
            Path(entry).resolve() in real.parents if entry.endswith("/") else real == Path(entry).resolve()
            for entry in self.entries
        )

    def find(self, name: str, path: str, directory: str | None) -> str:
        """Return the absolute path of the program to run. Raises NotAllowed if it is not allowed or does not exist.

        `path`: the value of PATH. `directory`: the base of a relative path with a slash.
        """
        found = str(Path(directory or "", name)) if "/" in name else shutil.which(name, path=path)
        if found is None or not Path(found).is_absolute():
            raise NotAllowed(f"There is no program {name} in {directory or path}.", hint=self._hint())
        if not self.allows(found):
            raise NotAllowed(f"The program {Path(found).resolve()} may not be run here.", hint=self._hint())
        return found

    def check_environment(self, environment: Mapping[str, str]) -> None:
        """Raise NotAllowed for a variable that would make an allowed program run something else."""
        for name in environment:
            if GOVERNS_PROGRAMS.fullmatch(name):
                raise NotAllowed(
                    f"A step may not set {name} here: it could make a program run other code.",
                    hint="RUNBOOK_SHELL_PROGRAMS or RUNBOOK_SHELL_WRAPPER is set for the workers.",
                )

    def _hint(self) -> str:
        return f"RUNBOOK_SHELL_PROGRAMS lists the allowed programs: {', '.join(self.entries)}."


# linux/capability.h: CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID. The first three are needed for the command's
# working folder, the fourth to end the command.
NEEDED = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_FOWNER": 3,
    "CAP_KILL": 5,
    "CAP_SETGID": 6,
    "CAP_SETUID": 7,
}


@dataclass(frozen=True)
class Account:
    """A user account on this machine. `groups`: ids, the primary one first."""

    name: str
    uid: int
    groups: tuple[int, ...]

    @classmethod
    def named(cls, name: str) -> "Account":
        """Look an account up by name, or take `UID` or `UID:GID`. Raises ConfigurationError for an unknown name."""
        uid, _, gid = name.partition(":")
        if uid.isdigit() and (gid or uid).isdigit():
            return cls(name, int(uid), (int(gid or uid),))
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            raise ConfigurationError(
                f"RUNBOOK_SHELL_USER is {name}, and this machine has no such user.",
                hint="Create one that owns nothing, for example with `useradd --system runbook-shell`.",
            ) from None
        others = [gid for gid in os.getgrouplist(name, found.pw_gid) if gid != found.pw_gid]
        return cls(name, found.pw_uid, (found.pw_gid, *others))


@dataclass(frozen=True)
class Confinement:
    """How commands are confined. `account`: None for the worker's own. `wrapper`: an absolute path and the arguments
    before argv.
    """

    account: Account | None = None
    wrapper: tuple[str, ...] = ()
    programs: Programs = field(default_factory=Programs)

    @property
    def forbids_privileges(self) -> bool:
        """Whether no_new_privs is set; a set-user-ID wrapper such as firejail drops privileges itself."""
        return not (self.wrapper and Path(self.wrapper[0]).stat().st_mode & stat.S_ISUID)

    def check(
        self, argv: Sequence[str], environment: Mapping[str, str], path: str, directory: str | None
    ) -> str:
        """Return the program to run. Raises NotAllowed if it may not be run."""
        if self.wrapper or self.programs.entries:
            self.programs.check_environment(environment)
        return self.programs.find(argv[0], path, directory) if self.programs.entries else argv[0]


def plan(
    confinement: Confinement, program: str, argv: Sequence[str], environment: Mapping[str, str]
) -> bytes:
    """Encode the command for `core.io.guard.read_plan`. Raises ValueError for an argument with a zero byte."""
    account, wrapper = confinement.account, confinement.wrapper
    ids = [account.uid, *account.groups] if account else []
    program, arguments = (wrapper[0], [*wrapper, program, *argv[1:]]) if wrapper else (program, [*argv])
    parts = [
        " ".join(map(str, ids)),
        str(int(confinement.forbids_privileges)),
        program,
        str(len(arguments)),
        *arguments,
        *(f"{name}={value}" for name, value in environment.items()),
    ]
    if any("\0" in part for part in parts):
        raise ValueError("an argument contains a zero byte, which cannot be passed to a program")
    return b"".join(os.fsencode(part) + b"\0" for part in parts)


def may_become(uid: int, status: str) -> bool:
    """Return whether a process can run commands as this user and end them. `status`: of the process, as in
    /proc/self/status.
    """
    ours = int(_field(status, "Uid").split()[1])
    if ours == uid:
        return True
    able = int(
        _field(status, "CapEff" if ours == 0 else "CapAmb"), 16
    )  # the guard is a separate program, so it keeps only ambient capabilities
    return all(able >> number & 1 for number in NEEDED.values())


def _field(status: str, name: str) -> str:
    return next(line.partition(":")[2] for line in status.splitlines() if line.startswith(f"{name}:"))
