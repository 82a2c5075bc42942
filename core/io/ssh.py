"""Commands over SSH, with a total deadline and bounded output. Requires the extra `ssh`, which is paramiko.

This module is imported only by processes that run commands.
"""

import select
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from io import StringIO

import paramiko
from paramiko.ssh_exception import AuthenticationException, PasswordRequiredException, SSHException

from core.definitions.secret import check_listed_destination
from core.io.egress import EgressPolicy, checked_address
from core.io.http import NoAnswer, NotSent
from core.io.known_hosts import known_keys, name_of
from core.io.outside_calls import CONNECT_SECONDS, OutsideCall, Refused, call_outside
from core.io.remote import RemoteCommand, RemoteResult, SshHost
from core.io.ssh_transport import SIGNAL_BASE, SIGNALS, SshTransport
from core.io.text import Excerpt

CHUNK = 32_768
POLL_SECONDS = 0.05
INTERRUPT = b"\x03"  # what a terminal turns into SIGINT for everything in its foreground, also for root
END_SECONDS = 2.0  # for the server to confirm that the command has ended
LINGER_SECONDS = 2.0  # for the rest of the output after the exit status
KEEPALIVE_SECONDS = 30
KEY_TYPES = {
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")
}  # a key's signatures, where named differently: RFC 8332
PRIVATE_KEYS: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class SshRunner:
    """Runs commands on hosts that the egress policy allows, each over its own connection."""

    def __init__(self, egress: EgressPolicy) -> None:
        self._egress = egress

    def run(self, command: RemoteCommand, limit: timedelta, stop: threading.Event) -> RemoteResult:
        """Run the command, within `limit` in total.

        Raises NotSent if it was certainly not started (Refused: another attempt would not help either), NoAnswer if
        nobody knows, and NotAllowed if a host or a secret's destination is forbidden.
        """
        return call_outside(lambda call: self._run(command, call), limit, stop, "ssh")

    def _run(self, command: RemoteCommand, call: OutsideCall) -> RemoteResult:
        transport = self._connect(command, call)
        try:
            channel = transport.open_session(timeout=CONNECT_SECONDS)
            if command.terminal:
                channel.get_pty()
            for name, value in command.environment.items():
                channel.set_environment_variable(name, value)
        except (SSHException, EOFError, OSError) as error:
            raise NotSent(f"{command.target.host} opened no session: {_said(error)}.") from error
        call.leave()
        return _Session(transport, channel, command, call).result()

    def _connect(self, command: RemoteCommand, call: OutsideCall) -> SshTransport:
        """Return a connection to the target, authenticated. The jump host gets the address that was checked here."""
        target, jump = command.target, command.jump
        address = self._address(target)
        if jump is None:
            return _authenticated(_connected(target, address, call), target, call)
        first = _authenticated(_connected(jump, self._address(jump), call), jump, call)
        try:
            passage = first.open_channel(
                "direct-tcpip", (address, target.port), ("127.0.0.1", 0), timeout=CONNECT_SECONDS
            )
        except (SSHException, EOFError, OSError) as error:
            raise NotSent(f"{jump.host} does not connect to {target.host}: {_said(error)}.") from error
        return _authenticated(passage, target, call)

    def _address(self, host: SshHost) -> str:
        """Return the address to connect to. The name is resolved once, and only here."""
        check_listed_destination(host.carried, host.host, host.port)
        try:
            return checked_address(self._egress, host.host, host.port)
        except (OSError, UnicodeError) as error:
            raise NotSent(f"{host.host} has no address: {error}.") from error


def _connected(host: SshHost, address: str, call: OutsideCall) -> socket.socket:
    try:
        connection = socket.create_connection((address, host.port), timeout=CONNECT_SECONDS)
    except OSError as error:
        raise NotSent(f"No connection to {host.host}:{host.port}: {error.strerror or error}.") from error
    call.opened(connection.close)
    return connection


def _authenticated(
    connection: "socket.socket | paramiko.Channel", host: SshHost, call: OutsideCall
) -> SshTransport:
    """Return the connection after the host has proved its identity to us, and we ours to it."""
    try:
        keys = known_keys(host.known_hosts, host.host, host.port)
    except ValueError as error:
        raise Refused(f"known_hosts cannot be read: {error}.") from error
    accepted = tuple(name for key in keys for name in KEY_TYPES.get(key.type, (key.type,)))
    transport = SshTransport(connection)
    call.opened(transport.close)
    supported = [name for name in transport.get_security_options().key_types if name in accepted]
    if not supported:
        raise Refused(f"known_hosts has no key of {name_of(host.host, host.port)}. {_HOW_TO_KNOW}")
    try:
        transport.get_security_options().key_types = supported
        transport.start_client(timeout=CONNECT_SECONDS)
        shown = transport.get_remote_server_key()
    except (SSHException, EOFError, OSError) as error:
        raise NotSent(f"{host.host} did not agree on a connection: {_said(error)}.") from error
    if not any((key.type, key.blob) == (shown.get_name(), shown.asbytes()) for key in keys):
        raise Refused(
            f"{host.host} has another {shown.get_name()} key than in known_hosts: {shown.fingerprint}. "
            "It may be an impostor; if its key was changed, correct known_hosts."
        )
    transport.set_keepalive(KEEPALIVE_SECONDS)
    _log_in(transport, host)
    return transport


_HOW_TO_KNOW = "Add its line, as ssh-keyscan prints it, after you have compared the key with the host's own."


def _log_in(transport: SshTransport, host: SshHost) -> None:
    try:
        missing = []
        if host.key is not None:
            missing = transport.auth_publickey(host.user, _private_key(host.key))
        if host.password is not None and (host.key is None or missing):
            transport.auth_password(host.user, host.password)
    except AuthenticationException as error:
        raise Refused(f"{host.host} does not let {host.user} in: {_said(error)}.") from error
    except (SSHException, EOFError, OSError) as error:
        raise NotSent(f"{host.host} broke off the login: {_said(error)}.") from error
    if not transport.is_authenticated():
        raise Refused(f"{host.host} wants more than this key or password to let {host.user} in.")


def _private_key(text: str) -> paramiko.PKey:
    """Return the key. Raises Refused; the message has nothing of it."""
    for kind in PRIVATE_KEYS:
        try:
            return kind.from_private_key(StringIO(text.strip() + "\n"))
        except PasswordRequiredException:
            raise Refused("The private key has a passphrase. Store it as a secret without one.") from None
        except (SSHException, ValueError, IndexError, TypeError):
            continue
    raise Refused("The secret of `key` is not a private key of type ed25519, ECDSA or RSA.")


def _said(error: Exception) -> str:
    return str(error).rstrip(".") or "the connection was closed"


class _Session:
    """A command that is being run, and what it has written so far."""

    def __init__(
        self, transport: SshTransport, channel: paramiko.Channel, command: RemoteCommand, call: OutsideCall
    ) -> None:
        self._transport, self._channel, self._command, self._call = transport, channel, command, call
        self._stdout, self._stderr = Excerpt(mask=command.mask), Excerpt(mask=command.mask)
        self._sent = 0
        self._is_fed = False

    def result(self) -> RemoteResult:
        """Run the command to its end, or until the call should end. Raises NotSent if the server refuses to run it."""
        self._start()
        self._channel.settimeout(POLL_SECONDS)
        exited_at: float | None = None
        while not self._channel.closed and self._call.why is None:
            moved = self._move()
            if self._has_exited and not moved:
                exited_at = exited_at or time.monotonic()
                if self._channel.eof_received or time.monotonic() > exited_at + LINGER_SECONDS:
                    break
            if not moved:
                self._wait()
        return self._ended_early() if self._call.why and not self._has_exited else self._ended()

    def _start(self) -> None:
        try:
            self._channel.exec_command(self._command.line.encode())
        except (SSHException, EOFError, OSError) as error:
            if self._channel.chanid in self._transport.refused:
                raise NotSent(f"{self._command.target.host} refuses to run commands.") from error
            if self._call.why is not None:
                reason = (
                    f"The command was sent and then stopped: {self._call.why}. The host had not answered."
                )
                raise NoAnswer(f"{reason} It may be running.") from error
            raise NoAnswer(f"The connection was lost as the command was sent: {_said(error)}.") from error

    def _move(self) -> bool:
        """Read what there is, and write what fits. Return whether there was anything."""
        moved = False
        with suppress(TimeoutError):
            if self._channel.recv_ready():
                self._stdout.add(self._channel.recv(CHUNK))
                moved = True
        with suppress(TimeoutError):
            if self._channel.recv_stderr_ready():
                self._stderr.add(self._channel.recv_stderr(CHUNK))
                moved = True
        return self._feed() or moved

    def _feed(self) -> bool:
        if self._is_fed or self._has_exited or self._command.terminal:
            return False
        with suppress(OSError):  # a command need not read its input
            if self._sent < len(self._command.stdin):
                if not self._channel.send_ready():
                    return False
                sent = self._channel.send(self._command.stdin[self._sent : self._sent + CHUNK])
                self._sent += sent
                return True
            self._channel.shutdown_write()
        self._is_fed = True
        return False

    def _wait(self) -> None:
        """Wait until something may have changed, or the time for looking at `why` has come."""
        if self._channel.eof_received:  # its descriptor would be readable at any time
            self._channel.status_event.wait(POLL_SECONDS)
        else:
            select.select([self._channel], [], [], POLL_SECONDS)

    @property
    def _has_exited(self) -> bool:
        return self._channel.exit_status >= 0 or self._channel.chanid in self._transport.signals

    def _ended_early(self) -> RemoteResult:
        """End the command: by its terminal, or by a signal if the server passes it on. The caller closes."""
        is_over = False
        if self._command.terminal:
            with suppress(OSError):
                self._channel.send(INTERRUPT)
            is_over = self._exits_soon()
        if not is_over:
            with suppress(SSHException, EOFError, OSError):
                self._transport.send_signal(self._channel, "KILL")
            # What sudo runs belongs to another user: the signal may have ended only the shell around it.
            is_over = self._exits_soon() and self._command.sudo is None
        return self._outcome(self._call.why or "stopped", is_over=is_over)

    def _exits_soon(self) -> bool:
        until = time.monotonic() + END_SECONDS
        while not self._channel.closed and not self._has_exited and time.monotonic() < until:
            if not self._move():
                self._wait()
        return self._has_exited

    def _ended(self) -> RemoteResult:
        while self._move():
            pass
        if not self._has_exited:
            return self._outcome("lost", is_over=False)
        return self._outcome("exit", is_over=True, lingers=not self._channel.eof_received)

    def _outcome(self, ended: str, *, is_over: bool, lingers: bool = False) -> RemoteResult:
        code = _exit_code(self._channel, self._transport.signals)
        return RemoteResult(code, self._stdout.text(), self._stderr.text(), ended, is_over, lingers)


def _exit_code(channel: paramiko.Channel, signals: Mapping[int, str]) -> int:
    """Return the exit status; of a command that a signal has ended 128 and its number, as a shell reports it."""
    if channel.exit_status >= 0 or channel.chanid not in signals:
        return int(channel.exit_status)
    return SIGNAL_BASE + SIGNALS.get(signals[channel.chanid], 0)
