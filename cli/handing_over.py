"""Handing secrets to a child process: not in its environment, which others can read until it secludes itself.

The child's standard input is a socket. It forbids looking, says so by a byte, and only then is sent the secrets. A
socket cannot be opened through /proc/PID/fd (ENXIO), as a pipe or a file could.
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
PATIENCE = 60.0  # seconds for a child to get as far as its first line
CHUNK = 65_536


def hand_over(ours: socket.socket, secrets: Mapping[str, str]) -> None:
    """Returns at once; the other end belongs to a child that calls `receive`, or has ended."""
    threading.Thread(target=_hand_over, args=(ours, dict(secrets)), daemon=True, name="handing-over").start()


def _hand_over(ours: socket.socket, secrets: Mapping[str, str]) -> None:
    with ours, suppress(OSError):
        ours.settimeout(PATIENCE)
        if ours.recv(1) == READY:
            ours.sendall(json.dumps(secrets).encode())


def receive() -> None:
    """Seclude this process, and take what its parent hands over, where it does; standard input is then empty."""
    seclude()
    if os.environ.pop(ON_STDIN, ""):
        keep(_received())


def _received() -> dict[str, str]:
    with socket.socket(fileno=os.dup(0)) as theirs:
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        theirs.sendall(READY)
        told = b"".join(iter(lambda: theirs.recv(CHUNK), b""))
    secrets: dict[str, str] = json.loads(told or b"{}")
    return secrets
