"""The HTTP port of one run: every request names the run that makes it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from core.execution.preparation import HttpPort
from core.io.http import HttpRequest
from core.io.response import HttpResponse
from core.origins import HEADER


@dataclass(frozen=True)
class CallsOfRun:
    """Wraps `port` and adds `headers` to every request, replacing any header of that name from the definition."""

    port: HttpPort
    headers: Mapping[str, str]

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:
        written = {name: value for name, value in request.headers.items() if name.lower() != HEADER.lower()}
        return self.port.call(replace(request, headers={**written, **self.headers}), limit, stop)

    def close(self) -> None:
        self.port.close()
