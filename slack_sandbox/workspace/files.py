"""Files: uploaded in two calls around a plain POST, then shared in a channel.

https://docs.slack.dev/messaging/working-with-files
"""

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Literal

from slack_sandbox.values import Json, SlackError, new_id, new_secret

PREVIEW_CHARACTERS = 1000
TEXT_TYPES = ("application/json", "application/xml", "application/x-yaml", "application/yaml")


@dataclass(frozen=True)
class Share:
    """One message that shows the file."""

    channel: str
    ts: str
    kind: Literal["public", "private"]
    thread_ts: str | None = None


@dataclass(frozen=True)
class File:
    """``content`` is None until it was uploaded; ``origin`` is where the app reached the sandbox."""

    id: str
    name: str
    user: str
    created: datetime
    origin: str
    secret: str
    title: str = ""
    content: bytes | None = None
    shares: tuple[Share, ...] = ()

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def is_text(self) -> bool:
        return self.mimetype.startswith("text/") or self.mimetype in TEXT_TYPES


class Files:
    """All files of the workspace, and the upload URLs that were handed out."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def announce(self, name: str, user: str, origin: str, now: datetime) -> File:
        """A file that is about to be uploaded."""
        file = File(new_id("F"), name, user, now, origin, secret=new_secret())
        self._files[file.id] = file
        return file

    def receive(self, secret: str, content: bytes) -> File | None:
        """Keep what was uploaded; None when this upload URL was never handed out or was used."""
        for file in self._files.values():
            if file.secret == secret and file.content is None:
                return self.replace(replace(file, content=content))
        return None

    def get(self, file_id: str) -> File | None:
        return self._files.get(file_id)

    def find(self, file_id: str) -> File:
        """Raises SlackError ``file_not_found``, also for one that was never uploaded."""
        file = self._files.get(file_id)
        if file is None or file.content is None:
            raise SlackError("file_not_found")
        return file

    def replace(self, file: File) -> File:
        self._files[file.id] = file
        return file

    def remove(self, file: File) -> None:
        del self._files[file.id]

    def __iter__(self) -> Iterator[File]:
        return iter([file for file in self._files.values() if file.content is not None])


def file_object(file: File, team_id: str) -> Json:
    """https://docs.slack.dev/reference/objects/file-object"""
    address = f"{file.origin}/files-pri/{team_id}-{file.id}"
    created = int(file.created.timestamp())
    rendered: Json = {
        "id": file.id,
        "created": created,
        "timestamp": created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": PurePath(file.name).suffix.removeprefix(".") or "text",
        "pretty_type": PurePath(file.name).suffix.removeprefix(".").upper() or "Plain Text",
        "user": file.user,
        "user_team": team_id,
        "editable": file.is_text,
        "size": len(file.content or b""),
        "mode": "snippet" if file.is_text else "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": any(share.kind == "public" for share in file.shares),
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{address}/{file.name}",
        "url_private_download": f"{address}/download/{file.name}",
        "permalink": f"{address}/{file.name}",
        "is_starred": False,
        "has_rich_preview": False,
        "file_access": "visible",
    }
    return rendered | _shares(file) | _preview(file)


def _shares(file: File) -> Json:
    shares: Json = {}
    for share in file.shares:
        place: Json = {"ts": share.ts, "reply_users": [], "reply_count": 0}
        if share.thread_ts:
            place["thread_ts"] = share.thread_ts
        shares.setdefault(share.kind, {}).setdefault(share.channel, []).append(place)
    channels = [share.channel for share in file.shares]
    return {
        "shares": shares,
        "channels": [channel for channel in channels if channel.startswith("C")],
        "groups": [],
        "ims": [channel for channel in channels if channel.startswith("D")],
    }


def _preview(file: File) -> Json:
    if not file.is_text or file.content is None:
        return {}
    text = file.content.decode(errors="replace")
    preview = text[:PREVIEW_CHARACTERS]
    lines = text.count("\n") + 1
    return {
        "preview": preview,
        "preview_is_truncated": len(preview) < len(text),
        "lines": lines,
        "lines_more": lines - preview.count("\n") - 1,
    }
