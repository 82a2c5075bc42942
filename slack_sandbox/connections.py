"""Cutting a connection for real: the caller sees a TCP reset, not an HTTP answer.

ASGI knows no such thing, so the server's protocol class remembers the transport of each client address.
"""

import asyncio
import socket
import struct

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from uvicorn.protocols.http.h11_impl import H11Protocol

NO_LINGER = struct.pack("ii", 1, 0)
"""With SO_LINGER on and a time of 0, close() sends RST instead of FIN: see socket(7)."""


class CuttableProtocol(H11Protocol):
    """uvicorn's own protocol, which lets a request find its connection in ``app_state``."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        super().connection_made(transport)
        self.app_state.setdefault("transports", {})[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.app_state.get("transports", {}).pop(self.client, None)
        super().connection_lost(exc)


async def cut(request: Request) -> Response:
    """Reset the caller's connection. What is returned is never sent.

    Under a server that does not remember its transports, raises ConnectionResetError instead.
    """
    client = (request.client.host, request.client.port) if request.client else None
    transport = getattr(request.state, "transports", {}).get(client)
    if transport is None:
        raise ConnectionResetError("This server cannot cut connections: run it with slack_sandbox.serving.")
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
    while not await request.is_disconnected():
        await asyncio.sleep(0)
    return PlainTextResponse("never sent")
