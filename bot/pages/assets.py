"""`/assets/NAME`: the stylesheet and scripts of the pages, each under a name that changes with its content.

So they may be cached for ever. They are read once, when the process starts; nothing is built, and nothing comes from
another host.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePath

from starlette.requests import Request
from starlette.responses import Response

from core.errors import NotFound

FOLDER = files("bot.pages") / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
# https://www.rfc-editor.org/rfc/rfc8246: what has this name never changes
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    content: bytes
    media_type: str


@dataclass(frozen=True)
class Assets:
    """`served`: by the name with the digest. `addresses`: where each file is, by its own name."""

    served: Mapping[str, Asset]
    addresses: Mapping[str, str]

    async def answer(self, request: Request) -> Response:
        """Return the file. Async, because it waits for nothing. Raises NotFound for another name."""
        found = self.served.get(request.path_params["name"])
        if found is None:
            raise NotFound("There is no such file.")
        headers = {"Cache-Control": FOR_EVER, "Cross-Origin-Resource-Policy": "same-origin"}
        return Response(found.content, headers=headers, media_type=found.media_type)


def load_assets() -> Assets:
    served, addresses = {}, {}
    for file in FOLDER.iterdir():
        path = PurePath(file.name)
        if path.suffix in TYPES:
            content = file.read_bytes()
            name = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:16]}{path.suffix}"
            served[name] = Asset(content, TYPES[path.suffix])
            addresses[file.name] = f"/assets/{name}"
    return Assets(served, addresses)
