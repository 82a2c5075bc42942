"""paramiko's connection, with what RFC 4254 has and paramiko lacks: signals, and whether a request was refused.

The table of handlers is not part of paramiko's public interface; the lock file pins the version it was written for.
"""

import signal
import socket
from collections.abc import Callable

import paramiko
from paramiko.common import MSG_CHANNEL_FAILURE, MSG_CHANNEL_REQUEST, cMSG_CHANNEL_REQUEST
from paramiko.message import Message

Handler = Callable[[paramiko.Channel, Message], None]
SIGNAL_BASE = 128
SIGNALS = {each.name.removeprefix("SIG"): each.value for each in signal.Signals}
_HANDLERS: dict[int, Handler] = vars(paramiko.Transport)["_channel_handler_table"]


def _on_request(channel: paramiko.Channel, message: Message) -> None:
    """Note the signal that ended a command (RFC 4254, 6.10), then do what paramiko does."""
    copy = Message(message.get_remainder())
    if copy.get_text() == "exit-signal":
        copy.get_boolean()
        _transport_of(channel).signals[channel.chanid] = copy.get_text()
    _HANDLERS[MSG_CHANNEL_REQUEST](channel, message)


def _on_failure(channel: paramiko.Channel, message: Message) -> None:
    """Note that the server has answered, and refused."""
    _transport_of(channel).refused.add(channel.chanid)
    _HANDLERS[MSG_CHANNEL_FAILURE](channel, message)


def _transport_of(channel: paramiko.Channel) -> "SshTransport":
    transport = channel.get_transport()
    assert isinstance(transport, SshTransport)
    return transport


class SshTransport(paramiko.Transport):
    """A connection. `signals`: what ended commands, by channel. `refused`: the channels with a refused request."""

    _channel_handler_table = {
        **_HANDLERS,
        MSG_CHANNEL_REQUEST: _on_request,
        MSG_CHANNEL_FAILURE: _on_failure,
    }

    def __init__(self, connection: "socket.socket | paramiko.Channel") -> None:
        self.signals: dict[int, str] = {}
        self.refused: set[int] = set()
        super().__init__(connection)

    def send_signal(self, channel: paramiko.Channel, name: str) -> None:
        """Ask the server to signal the command (RFC 4254, 6.9). It need not obey, and does not answer."""
        message = Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(channel.remote_chanid)
        message.add_string("signal")
        message.add_boolean(False)
        message.add_string(name)
        self._send_user_message(message)  # type: ignore[attr-defined]  # see above
