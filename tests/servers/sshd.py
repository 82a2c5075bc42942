"""Debian's own sshd, with a host key of its own, for one account."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.programs import answers, free_port, program, running

CONFIG = """
Port {port}
ListenAddress {address}
HostKey {home}/host_key
PidFile none
AuthorizedKeysFile {home}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication yes
PermitRootLogin prohibit-password
AllowTcpForwarding yes
MaxStartups 100
MaxSessions 100
AcceptEnv RUNBOOK_STEP_KEY
LogLevel VERBOSE
"""


@dataclass(frozen=True)
class Sshd:
    """`known_hosts`: its public key as a line. `key`: the private key with which `user` may log in."""

    port: int
    user: str
    known_hosts: str
    key: str
    log: Path

    def known_as(self, port: int) -> str:
        """Its line in known_hosts, if it is reached through another port."""
        return self.known_hosts.replace(f":{self.port} ", f":{port} ")


def new_key(path: Path, kind: str = "ed25519") -> str:
    """Make a key pair. The private key."""
    subprocess.run(
        [program("ssh-keygen"), "-q", "-t", kind, "-N", "", "-C", "test", "-f", str(path)], check=True
    )
    return path.read_text("ascii")


# What it is asked to run, in a folder that stands for the host's own disk.
IN_FOLDER = """
ForceCommand cd {folder} && eval "$SSH_ORIGINAL_COMMAND"
"""


@contextmanager
def running_sshd(
    account: pwd.struct_passwd,
    *,
    address: str = "127.0.0.1",
    port: int | None = None,
    folder: Path | None = None,
) -> Iterator[Sshd]:
    """An sshd that runs as root if we are root, and otherwise lets in only ourselves.

    `folder`: where every command begins, so that relative paths name other files than on another such host.
    """
    sshd = program("sshd")
    home = Path(tempfile.mkdtemp(prefix="runbook-sshd-"))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # as its service does
    try:
        home.chmod(0o755)
        new_key(home / "host_key")
        key = new_key(home / "user_key")
        shutil.copy(home / "user_key.pub", home / "authorized_keys")
        port = port or free_port()
        config = CONFIG.format(port=port, address=address, home=home)
        config += IN_FOLDER.format(folder=folder) if folder is not None else ""
        (home / "config").write_text(config, "ascii")
        public = (home / "host_key.pub").read_text("ascii")
        known = f"[{address}]:{port} {public}"
        command = [sshd, "-D", "-e", "-f", str(home / "config")]
        with running(
            command,
            account=pwd.getpwuid(os.geteuid()),
            log=str(home / "log"),
            is_up=lambda: answers(port, address),
        ):
            yield Sshd(port, account.pw_name, known, key, home / "log")
    finally:
        shutil.rmtree(home, ignore_errors=True)
