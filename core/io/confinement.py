"""Which programs shell steps may run, and as whom.

Which programs shell steps may run.

As whom, under what, and which commands of shell steps run.
"""

import os
import pwd
import re
import shutil
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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


# linux/capability.h: CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID. The first three are for the folder that a
# command works in, the fourth to end it.
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
    """Somebody of this machine. `groups`: ids, the main one first."""

    name: str
    uid: int
    groups: tuple[int, ...]

    @classmethod
    def named(cls, name: str) -> "Account":
        """By its name, or as `UID` or `UID:GID`. Raises ConfigurationError for a name that is unknown."""
        uid, _, gid = name.partition(":")
        if uid.isdigit() and (gid or uid).isdigit():
            return cls(name, int(uid), (int(gid or uid),))
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            raise ConfigurationError(
                f"RUNBOOK_SHELL_USER is {name}, and this machine has no such user.",
                hint="Make one that owns nothing, such as by `useradd --system runbook-shell`.",
            ) from None
        others = [gid for gid in os.getgrouplist(name, found.pw_gid) if gid != found.pw_gid]
        return cls(name, found.pw_uid, (found.pw_gid, *others))


@dataclass(frozen=True)
class Confinement:
    """`account`: None for the worker's own. `wrapper`: the program, by its absolute path, and arguments before argv."""

    account: Account | None = None
    wrapper: tuple[str, ...] = ()
    programs: Programs = field(default_factory=Programs)

    @property
    def forbids_privileges(self) -> bool:
        """no_new_privs, but for a wrapper that is set-user-ID itself, as firejail is: it takes the privileges away."""
        return not (self.wrapper and Path(self.wrapper[0]).stat().st_mode & stat.S_ISUID)

    def check(
        self, argv: Sequence[str], environment: Mapping[str, str], path: str, directory: str | None
    ) -> str:
        """The program to run. Raises NotAllowed where it may not be."""
        if self.wrapper or self.programs.entries:
            self.programs.check_environment(environment)
        return self.programs.find(argv[0], path, directory) if self.programs.entries else argv[0]


def plan(
    confinement: Confinement, program: str, argv: Sequence[str], environment: Mapping[str, str]
) -> bytes:
    """What `core.io.guard.read_plan` reads. Raises ValueError for a zero in an argument."""
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
        raise ValueError("an argument has a zero in it, which no program can be given")
    return b"".join(os.fsencode(part) + b"\0" for part in parts)


def may_become(uid: int, status: str) -> bool:
    """Whether a process can run commands as this user, and end them. `status`: of it, as in /proc/self/status."""
    ours = int(_field(status, "Uid").split()[1])
    if ours == uid:
        return True
    able = int(_field(status, "CapEff" if ours == 0 else "CapAmb"), 16)  # the guard is a program of its own
    return all(able >> number & 1 for number in NEEDED.values())


def _field(status: str, name: str) -> str:
    return next(line.partition(":")[2] for line in status.splitlines() if line.startswith(f"{name}:"))
