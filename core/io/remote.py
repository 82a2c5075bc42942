"""Commands on other machines, as values: what is run where, and what became of it. core.io.ssh runs them."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.io.text import NO_MASK, Mask
from core.values.destinations import Destinations


@dataclass(frozen=True)
class SshHost:
    """A host, and how we authenticate there and it to us.

    `known_hosts`: its public keys, in the format of OpenSSH's file. `key`: a private key without passphrase; None for
    the password. `carried`: where each secret in this may go.
    """

    host: str
    port: int
    user: str
    known_hosts: str = field(repr=False)
    key: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    carried: tuple[Destinations, ...] = ()


@dataclass(frozen=True)
class RemoteCommand:
    """A command for `target`, reached through `jump` if given.

    `sudo`: the user as whom sudo runs it; None for the user of the target. `terminal`: whether it gets a terminal.
    `environment`: offered to the server, which usually accepts none of it. `mask`: hides secrets in the output before
    it is truncated.
    """

    target: SshHost
    argv: Sequence[str]
    jump: SshHost | None = None
    sudo: str | None = None
    terminal: bool = False
    stdin: bytes = b""
    environment: Mapping[str, str] = field(default_factory=dict)
    mask: Mask = NO_MASK

    @property
    def line(self) -> str:
        """The command as the remote login shell reads it: each argument quoted for a POSIX shell."""
        prefix = [] if self.sudo is None else ["sudo", "-n", "-u", self.sudo, "--"]
        return shlex.join([*prefix, *self.argv])


@dataclass(frozen=True)
class RemoteResult:
    """The result of a command.

    `ended`: why: `exit`, `timeout`, `stopped`, `lease lost`, or `lost` with its connection. `is_over`: whether the
    server confirmed that the command ended. `lingers`: whether something that it started still holds its output.
    """

    exit_code: int
    stdout: str
    stderr: str
    ended: str = "exit"
    is_over: bool = True
    lingers: bool = False
