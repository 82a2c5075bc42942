"""The files that stop PostgreSQL from starting again after its processes were killed."""

from pathlib import Path

from cli.embedded.errors import EmbeddedServiceError


def _process_id(lock_file: Path) -> int | None:
    """The first line of postmaster.pid or of a socket's lock file."""
    try:
        first = lock_file.read_text().partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(first) if first.isdigit() else None


def _works_in(pid: int, folder: Path) -> bool:
    """Is this process at work in the folder? A PostgreSQL has its data folder as its working folder."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def remove_leftovers(data: Path, sockets: Path) -> None:
    """Remove the pid file and the sockets of a server that is gone.

    PostgreSQL itself refuses to start while any process has the number in its pid file, and after a crash,
    or in a new container, that is soon another program. To be called by the holder of the server's lock: then
    only a server that somebody started by hand can still be there; raises EmbeddedServiceError for that.
    """
    pid = _process_id(data / "postmaster.pid")
    if pid is not None and _works_in(pid, data):
        raise EmbeddedServiceError(
            f"A PostgreSQL that was started by other means (process {pid}) works on {data}. Stop it, or set "
            "DATABASE_URL to its address."
        )
    (data / "postmaster.pid").unlink(missing_ok=True)
    for socket in sockets.glob(".s.PGSQL.*"):
        socket.unlink()
