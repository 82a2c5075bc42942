"""Choose the user for a server that refuses to run as root or as a user without a passwd entry."""

import os
import pwd
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cli.embedded.files import EmbeddedServiceError, Files, log_tail

Way = Literal["keep", "switch", "namespace"]


@dataclass(frozen=True)
class Identity:
    """The user that the server runs as.

    `keep`: our own user. `switch`: another user. `namespace`: another user inside a user namespace, but our own
    outside of it, so the server can reach every folder that we can.
    """

    way: Way
    uid: int
    gid: int

    def owner(self) -> tuple[int, int]:
        """Return the uid and gid of the server's files, as this process sees them."""
        return (self.uid, self.gid) if self.way == "switch" else (os.geteuid(), os.getegid())


def our_identity() -> Identity:
    """Return our own identity."""
    return Identity("keep", os.geteuid(), os.getegid())


def candidates(uid: int, users: list[pwd.struct_passwd]) -> list[Identity]:
    """Return the identities that PostgreSQL could run as, best first, if this process runs as `uid`.

    PostgreSQL refuses root, and its initdb refuses a uid without an entry in the passwd database.
    """
    if uid != 0 and any(user.pw_uid == uid for user in users):
        return [our_identity()]
    ordinary = [user for user in users if user.pw_uid != 0]
    nobody = sorted(ordinary, key=lambda user: user.pw_name != "nobody")[:1]
    ways: tuple[Way, ...] = ("switch", "namespace") if uid == 0 else ("namespace",)
    return [Identity(way, user.pw_uid, user.pw_gid) for user in nobody for way in ways]


def give(folder: Path, identity: Identity) -> None:
    """Make the identity the owner of the folder and everything in it, without following symbolic links.

    The folder itself comes last: once it has the right owner, so does everything in it.
    Raises OSError if we may not change the owner.
    """
    uid, gid = identity.owner()
    if folder.stat().st_uid == uid:
        return
    for _, folders, files, descriptor in os.fwalk(folder, topdown=False):
        for name in (*folders, *files):
            os.chown(name, uid, gid, dir_fd=descriptor, follow_symlinks=False)
    os.chown(folder, uid, gid, follow_symlinks=False)


def _let_pass(home: Path, identity: Identity, undo: ExitStack) -> None:
    """Let the user that we switch to, and nobody else, traverse the home: mode 0710 with that user's group."""
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
    """Return the first identity that works in the server's folder, and make it the folder's owner.

    `probe` starts something harmless as the identity and returns whether it succeeded. It is needed because what
    works depends on the modes of all parent folders, on capabilities, and on what a container allows.
    Raises EmbeddedServiceError if none works.
    """
    for identity in candidates(os.geteuid(), pwd.getpwall()):
        if _works(files, identity, probe):
            return identity
    raise EmbeddedServiceError(
        f"PostgreSQL cannot run in {files.folder} for user {os.geteuid()}: it refuses root and users without "
        "a name, and neither another user nor a user namespace can be used here. Start as an ordinary user, "
        "set RUNBOOK_HOME to a folder that other users can traverse (such as /var/lib/runbook), or set DATABASE_URL. "
        f"{log_tail(files.log)}"
    )
