"""Commands over SSH, with a total deadline and bounded output. Requires the extra `ssh`, which is paramiko.

This module is imported only by processes that run commands.
"""

import socket
import threading
from datetime import timedelta
from io import StringIO

import paramiko
from paramiko.ssh_exception import AuthenticationException, PasswordRequiredException, SSHException

from core.io.egress import EgressPolicy, checked_address
from core.io.http import NotSent
from core.io.known_hosts import known_keys, name_of
from core.io.outside_calls import CONNECT_SECONDS, OutsideCall, Refused, call_outside
from core.io.remote import RemoteCommand, RemoteResult, SshHost
from core.io.ssh_session import SshSession, said
from core.io.ssh_transport import SshTransport
from core.values.destinations import check_listed_destination

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
            raise NotSent(f"{command.target.host} opened no session: {said(error)}.") from error
        call.leave()
        return SshSession(transport, channel, command, call).result()

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
            raise NotSent(f"{jump.host} does not connect to {target.host}: {said(error)}.") from error
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
        raise NotSent(f"{host.host} did not agree on a connection: {said(error)}.") from error
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
        raise Refused(f"{host.host} does not let {host.user} in: {said(error)}.") from error
    except (SSHException, EOFError, OSError) as error:
        raise NotSent(f"{host.host} broke off the login: {said(error)}.") from error
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
