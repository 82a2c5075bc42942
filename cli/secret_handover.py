"""Pass secrets to a child process without its environment, which others could read until the child secludes itself.

The child's standard input is a socket. The child bars inspection, sends a byte, and only then receives the secrets.
Unlike a pipe or a file, a socket cannot be opened through /proc/PID/fd (ENXIO).
"""

import json
import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress

from cli.environment import keep, seclude

ON_STDIN = "RUNBOOK_SECRETS_ON_STDIN"
READY = b"."
PATIENCE = 60.0  # seconds for a child to start
CHUNK = 65_536


def hand_over(ours: socket.socket, secrets: Mapping[str, str]) -> None:
    """Send the secrets from a thread of its own; the other end belongs to a child that calls `receive`."""
    threading.Thread(target=_hand_over, args=(ours, dict(secrets)), daemon=True, name="handing-over").start()


def _hand_over(ours: socket.socket, secrets: Mapping[str, str]) -> None:
    with ours, suppress(OSError):
        ours.settimeout(PATIENCE)
        if ours.recv(1) == READY:
            ours.sendall(json.dumps(secrets).encode())


def receive() -> None:
    """Seclude this process and receive the secrets if its parent sends any; standard input is empty afterwards."""
    seclude()
    if os.environ.pop(ON_STDIN, ""):
        keep(_received())


def _received() -> dict[str, str]:
    with socket.socket(fileno=os.dup(0)) as theirs:
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        theirs.sendall(READY)
        received = b"".join(iter(lambda: theirs.recv(CHUNK), b""))
    secrets: dict[str, str] = json.loads(received or b"{}")
    return secrets
