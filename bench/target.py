"""A target for http steps that answers as fast as Python can: `python -m bench.target PORT`.

It reads no more of a request than its first line. `/slow` answers after 20 ms, as an API in the next room would.
"""

import asyncio
import sys

SLOW_SECONDS = 0.020
BODY = b'{"ok": true}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)


class Target(asyncio.Protocol):
    """One connection, kept open. Requests have no body, so one ends with its first empty line."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._unread = transport, b""

    def data_received(self, data: bytes) -> None:
        *requests, self._unread = (self._unread + data).split(b"\r\n\r\n")
        for request in requests:
            if request.startswith(b"GET /slow "):
                asyncio.get_running_loop().call_later(SLOW_SECONDS, self._transport.write, ANSWER)
            else:
                self._transport.write(ANSWER)


async def serve(port: int) -> None:
    """Until the process is told to stop."""
    server = await asyncio.get_running_loop().create_server(Target, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
