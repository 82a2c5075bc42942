"""Waiting for a notification of the database."""

import threading

import psycopg


def await_notification(
    connection: "psycopg.Connection[object]", patience: float, stop: threading.Event
) -> None:
    """Wait for a notification, at most `patience` seconds; in short waits, so that `stop` is noticed."""
    waited = 0.0
    while waited < patience and not stop.is_set():
        pause = min(0.5, patience - waited)
        if any(connection.notifies(timeout=pause, stop_after=1)):
            return
        waited += pause
