"""An SSH server that misbehaves as a test wishes, made with paramiko's own server side."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_PARTIALLY_SUCCESSFUL, AUTH_SUCCESSFUL, OPEN_SUCCEEDED


@dataclass
class Behaviour:
    """`password`: the one that is accepted. `wants_both`: a key, any key, and the password. `refuses`: every command.
    `hangs_up`: after the command has arrived. `stalls`: it never answers the command.
    """

    password: str = "right-password-1"
    wants_both: bool = False
    refuses: bool = False
    hangs_up: bool = False
    stalls: bool = False
    commands: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class FakeSsh:
    port: int
    known_hosts: str
    behaviour: Behaviour


class _Server(paramiko.ServerInterface):
    def __init__(self, behaviour: Behaviour, transport: paramiko.Transport) -> None:
        self._behaviour, self._transport = behaviour, transport

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return AUTH_PARTIALLY_SUCCESSFUL if self._behaviour.wants_both else AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        is_right = password == self._behaviour.password
        return AUTH_SUCCESSFUL if is_right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self._behaviour.commands.append(command)
        if self._behaviour.hangs_up:
            self._transport.close()
        if self._behaviour.stalls:
            threading.Event().wait(20)
        if not self._behaviour.refuses:
            threading.Timer(0.1, self._answer, [channel]).start()
        return not self._behaviour.refuses

    @staticmethod
    def _answer(channel: paramiko.Channel) -> None:
        with suppress(OSError, EOFError):
            channel.sendall(b"done")
            channel.send_exit_status(0)
            channel.close()


@contextmanager
def running_fake_ssh(behaviour: Behaviour) -> Iterator[FakeSsh]:
    """The server for the length of the block."""
    key = paramiko.ECDSAKey.generate()
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                transport = paramiko.Transport(connection)
                transports.append(transport)
                transport.add_server_key(key)
                with suppress(paramiko.SSHException, EOFError):
                    transport.start_server(server=_Server(behaviour, transport))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield FakeSsh(port, f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}", behaviour)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()
        for transport in transports:
            transport.close()
