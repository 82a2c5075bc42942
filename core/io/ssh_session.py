"""A command over SSH while it runs: its input and output, and its end."""

import select
import time
from collections.abc import Mapping
from contextlib import suppress

import paramiko
from paramiko.ssh_exception import SSHException

from core.io.http import NoAnswer, NotSent
from core.io.outside_calls import OutsideCall
from core.io.remote import RemoteCommand, RemoteResult
from core.io.ssh_transport import SIGNAL_BASE, SIGNALS, SshTransport
from core.io.text import Excerpt

CHUNK = 32_768
POLL_SECONDS = 0.05
INTERRUPT = b"\x03"  # what a terminal turns into SIGINT for everything in its foreground, also for root
END_SECONDS = 2.0  # for the server to confirm that the command has ended
LINGER_SECONDS = 2.0  # for the rest of the output after the exit status


def said(error: Exception) -> str:
    """Return what the library says of an error, without its period."""
    return str(error).rstrip(".") or "the connection was closed"


class SshSession:
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
            raise NoAnswer(f"The connection was lost as the command was sent: {said(error)}.") from error

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
