"""As whom a server runs that refuses to run as root, or as a user without a name."""

import os
import pwd
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cli.embedded.files import EmbeddedServiceError, Files, log_ending

Way = Literal["keep", "switch", "namespace"]


@dataclass(frozen=True)
class Identity:
    """Who the server believes to be.

    `keep`: as we are. `switch`: really another user. `namespace`: another user inside a user namespace, and
    still us outside of it, so it reaches whatever folder we reach.
    """

    way: Way
    uid: int
    gid: int

    def owner(self) -> tuple[int, int]:
        """uid and gid that the server's files have, seen from where we are."""
        return (self.uid, self.gid) if self.way == "switch" else (os.geteuid(), os.getegid())


def our_identity() -> Identity:
    """The server runs as we do."""
    return Identity("keep", os.geteuid(), os.getegid())


def candidates(uid: int, users: list[pwd.struct_passwd]) -> list[Identity]:
    """The identities that PostgreSQL could take, best first, for a process that runs as `uid`.

    It refuses root, and its initdb refuses a uid that has no entry in the passwd database.
    """
    if uid != 0 and any(user.pw_uid == uid for user in users):
        return [our_identity()]
    ordinary = [user for user in users if user.pw_uid != 0]
    nobody = sorted(ordinary, key=lambda user: user.pw_name != "nobody")[:1]
    ways: tuple[Way, ...] = ("switch", "namespace") if uid == 0 else ("namespace",)
    return [Identity(way, user.pw_uid, user.pw_gid) for user in nobody for way in ways]


def give(folder: Path, identity: Identity) -> None:
    """Make the folder and all in it the server's own. Symbolic links are never followed.

    The folder itself comes last: where it has the right owner, so has everything in it.
    Raises OSError where we may not.
    """
    uid, gid = identity.owner()
    if folder.stat().st_uid == uid:
        return
    for _, folders, files, descriptor in os.fwalk(folder, topdown=False):
        for name in (*folders, *files):
            os.chown(name, uid, gid, dir_fd=descriptor, follow_symlinks=False)
    os.chown(folder, uid, gid, follow_symlinks=False)


def _let_pass(home: Path, identity: Identity, undo: ExitStack) -> None:
    """Let a user we switch to pass through the home, and nobody else: mode 0710, with that user's group."""
    before = home.stat()
    if identity.way != "switch" or before.st_mode & 0o001:
        return
    undo.callback(home.chmod, before.st_mode & 0o7777)
    undo.callback(os.chown, home, -1, before.st_gid)
    os.chown(home, -1, identity.gid)
    home.chmod((before.st_mode & 0o7700) | 0o010)


def _works(files: Files, identity: Identity, probe: Callable[[Identity], bool]) -> bool:
    try:
        with ExitStack() as undo:
            _let_pass(files.home, identity, undo)
            give(files.folder, identity)
            if works := probe(identity):
                undo.pop_all()
            return works
    except OSError:
        return False


def choose_identity(files: Files, probe: Callable[[Identity], bool]) -> Identity:
    """The first identity that can work in the server's folder, which then belongs to it.

    `probe` starts something harmless as the identity and says whether that went well: what works depends on
    the modes of all parent folders, on capabilities, and on what a container allows, so we try it out.
    Raises EmbeddedServiceError where none works.
    """
    for identity in candidates(os.geteuid(), pwd.getpwall()):
        if _works(files, identity, probe):
            return identity
    raise EmbeddedServiceError(
        f"PostgreSQL cannot run in {files.folder} for user {os.geteuid()}: it refuses root and users without "
        "a name, and neither another user nor a user namespace can be used here. Start as an ordinary user, "
        "or put RUNBOOK_HOME where others may pass through (such as /var/lib/runbook), or set DATABASE_URL. "
        f"{log_ending(files.log)}"
    )
