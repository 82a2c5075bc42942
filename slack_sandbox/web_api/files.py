"""files.*: uploading, sharing and reading files. https://docs.slack.dev/reference/methods?family=files"""

from dataclasses import replace

from slack_sandbox.rate_limits import TIER_3, TIER_4
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.chat import author_of
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.content import checked_content
from slack_sandbox.workspace.files import File, Share, file_object
from slack_sandbox.workspace.models import Channel, Content, Draft
from slack_sandbox.workspace.posting import post, show_changed

LARGEST_FILE = 1_073_741_824
"""1 GB: https://docs.slack.dev/messaging/working-with-files"""


def get_upload_url(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/files.getUploadURLExternal"""
    name = call.arguments.required("filename")
    call.arguments.required("length")
    length = call.arguments.number("length", 0)
    if not 0 < length <= LARGEST_FILE:
        raise SlackError("invalid_arguments", [f"must be between 1 and {LARGEST_FILE}: length"])
    file = call.workspace.files.announce(name, call.app_user, call.origin, call.now)
    return {"upload_url": f"{call.origin}/upload/v1/{file.secret}", "file_id": file.id}


def complete_upload(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/files.completeUploadExternal"""
    arguments, files = call.arguments, call.workspace.files
    wanted = arguments.objects("files")
    found = [files.find(str(item.get("id"))) for item in wanted]
    for item, file in zip(wanted, found, strict=True):
        files.replace(replace(file, title=str(item.get("title") or file.name)))
    for channel in _channels(call):
        _share(call, channel, tuple(file.id for file in found))
    team = call.workspace.team.id
    return {"files": [file_object(files.find(file.id), team) for file in found]}


def _channels(call: Call) -> list[Channel]:
    wanted = call.arguments.names("channels") or call.arguments.names("channel_id")
    if call.arguments.text("thread_ts") and len(wanted) != 1:
        raise SlackError("invalid_arguments", ["thread_ts takes exactly one channel"])
    return [_postable(call, channel_id) for channel_id in wanted]


def _postable(call: Call, channel_id: str) -> Channel:
    channel = call.workspace.channels.get(channel_id)
    if channel is None or not call.workspace.may_see(call.app_user, channel):
        raise SlackError("invalid_channel")
    if call.app_user not in channel.members:
        raise SlackError("not_in_channel")
    if channel.is_archived:
        raise SlackError("is_archived")
    return channel


def _share(call: Call, channel: Channel, file_ids: tuple[str, ...]) -> None:
    workspace, arguments = call.workspace, call.arguments
    comment = arguments.text("initial_comment")
    blocks = None if comment else arguments.structure("blocks", "invalid_blocks_format")
    content = checked_content(comment, blocks, None) if comment or blocks else Content()
    draft = Draft(
        channel=channel.id,
        author=author_of(call),
        content=content,
        thread_ts=arguments.text("thread_ts") or None,
        subtype="file_share",
        files=file_ids,
    )
    for file_id in file_ids:
        workspace.announcer.to_app(_event("file_created", workspace.files.find(file_id)))
    message = post(workspace, draft, call.now)
    share = Share(channel.id, message.ts, "private" if channel.is_private else "public", message.thread_ts)
    for file_id in file_ids:
        file = workspace.files.find(file_id)
        shared = workspace.files.replace(replace(file, shares=(*file.shares, share)))
        workspace.announcer.to_app({**_event("file_shared", shared), "channel_id": channel.id})
    show_changed(workspace, message)


def _event(kind: str, file: File) -> Json:
    """https://docs.slack.dev/reference/events/file_shared"""
    return {"type": kind, "file_id": file.id, "user_id": file.user, "file": {"id": file.id}}


def info(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/files.info"""
    file = call.workspace.files.find(call.arguments.required("file"))
    return {
        "file": file_object(file, call.workspace.team.id),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


def list_files(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/files.list"""
    channel = call.arguments.text("channel")
    found = [
        file_object(file, call.workspace.team.id)
        for file in call.workspace.files
        if not channel or any(share.channel == channel for share in file.shares)
    ]
    paging = {"count": len(found), "total": len(found), "page": 1, "pages": 1}
    return {"files": found[::-1], "paging": paging}


def delete(call: Call) -> Json:
    """The messages that showed it stay. https://docs.slack.dev/reference/methods/files.delete"""
    workspace = call.workspace
    file = workspace.files.find(call.arguments.required("file"))
    if file.user != call.app_user:
        raise SlackError("cant_delete_file")
    workspace.files.remove(file)
    for share in file.shares:
        message = workspace.histories[share.channel].get(share.ts)
        if message:
            show_changed(workspace, message)
    workspace.announcer.to_app({"type": "file_deleted", "file_id": file.id})
    return {}


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, TIER_4),
    "files.completeUploadExternal": Method(complete_upload, TIER_4, channel_argument="channel_id"),
    "files.info": Method(info, TIER_4),
    "files.list": Method(list_files, TIER_3),
    "files.delete": Method(delete, TIER_3),
}
