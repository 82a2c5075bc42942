"""Threads that are kept between calls: to start one for each costs a tenth of a call."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

MOST_THREADS = 4

Act = Callable[[], None]


class KeptThreads:
    """Runs each act on a thread of its own. Up to MOST_THREADS idle ones are kept; one that hangs holds up no other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[SimpleQueue[Act | None]] = []
        self._is_closed = False
        self._lock = threading.Lock()

    def run(self, act: Act) -> None:
        """Begin the act, which must not raise."""
        with self._lock:
            acts = self._idle.pop() if self._idle else None
        if acts is None:
            acts = SimpleQueue()
            threading.Thread(target=self._live, args=(acts,), daemon=True).start()
        acts.put(act)

    def close(self) -> None:
        """End the idle threads, and the others once their act is over."""
        with self._lock:
            self._is_closed, idle, self._idle = True, self._idle, []
        for acts in idle:
            acts.put(None)

    def _live(self, acts: "SimpleQueue[Act | None]") -> None:
        thread = threading.current_thread()
        while (act := acts.get()) is not None:
            thread.name = self._name
            act()
            del act  # an idle thread keeps nothing of what it did
            thread.name = f"{self._name}, idle"
            with self._lock:
                if self._is_closed or len(self._idle) >= MOST_THREADS:
                    return
                self._idle.append(acts)
