"""chat.*: posting, updating and deleting messages. https://docs.slack.dev/reference/methods?family=chat"""

from dataclasses import replace

from slack_sandbox.metadata import checked_metadata
from slack_sandbox.rate_limits import GENEROUS, POSTING, TIER_3, TIER_4
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.content import checked_content
from slack_sandbox.workspace.membership import open_direct_message
from slack_sandbox.workspace.models import Author, Channel, Content, Draft, Message
from slack_sandbox.workspace.posting import delete, edit, post, post_ephemeral
from slack_sandbox.workspace.rendering import message_object, permalink


def post_message(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.postMessage"""
    channel = writable_channel(call)
    arguments = call.arguments
    author = author_of(call)
    draft = Draft(
        channel=channel.id,
        author=author,
        content=content_of(call),
        metadata=metadata_of(call),
        thread_ts=arguments.text("thread_ts") or None,
        broadcast=arguments.flag("reply_broadcast"),
        subtype="bot_message" if author.username or author.icons else None,
    )
    message = post(call.workspace, draft, call.now)
    rendered = message_object(call.workspace, message, metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": rendered}


def post_ephemeral_message(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
    channel = writable_channel(call)
    if channel.is_archived:
        raise SlackError("is_archived")
    user = call.arguments.required("user")
    if user not in call.workspace.users:
        raise SlackError("user_not_in_channel")
    thread_ts = call.arguments.text("thread_ts") or None
    draft = Draft(channel.id, author_of(call), content_of(call), thread_ts=thread_ts)
    return {"message_ts": post_ephemeral(call.workspace, draft, user, call.now).ts}


def update_message(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.update"""
    message = _own_message(call, "cant_update_message")
    if call.workspace.channels[message.channel].is_archived:
        raise SlackError("is_inactive")
    metadata = metadata_of(call) if "metadata" in call.arguments else message.metadata
    changed = edit(call.workspace, message, _updated_content(call, message.content), metadata, call.now)
    rendered = message_object(call.workspace, changed, metadata=True)
    return {"channel": changed.channel, "ts": changed.ts, "text": changed.content.text, "message": rendered}


def delete_message(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.delete"""
    message = _own_message(call, "cant_delete_message")
    delete(call.workspace, message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.getPermalink"""
    channel = call.channel()
    message = call.workspace.message(channel.id, call.arguments.required("message_ts"))
    return {"channel": channel.id, "permalink": permalink(call.origin, message)}


def writable_channel(call: Call) -> Channel:
    """The channel to post in: by id, by name, or a person's direct message. Raises SlackError."""
    wanted = call.arguments.required("channel")
    workspace = call.workspace
    if wanted in workspace.users:
        return open_direct_message(workspace, wanted, call.now)
    name = wanted.removeprefix("#")
    by_name = [channel.id for channel in workspace.channels.values() if channel.name == name]
    channel = workspace.channel_for(call.app_user, by_name[0] if by_name else wanted)
    if call.app_user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def author_of(call: Call) -> Author:
    """The app, under the name and picture that it borrows for this message."""
    arguments = call.arguments
    icons = {
        name.removeprefix("icon_").replace("url", "image_64"): arguments.text(name)
        for name in ("icon_emoji", "icon_url")
        if arguments.text(name)
    }
    author = call.workspace.app_author(arguments.text("username") or None)
    return replace(author, icons=icons or None)


def content_of(call: Call) -> Content:
    """What the call wants to show. Raises SlackError."""
    arguments = call.arguments
    return checked_content(
        arguments.text("text") or arguments.text("markdown_text"),
        arguments.structure("blocks", "invalid_blocks_format"),
        arguments.structure("attachments", "invalid_attachments"),
    )


def metadata_of(call: Call) -> Json | None:
    """Raises SlackError: invalid_metadata_format, metadata_too_large."""
    value = call.arguments.structure("metadata", "invalid_metadata_format")
    return None if value is None else checked_metadata(value)


def _updated_content(call: Call, before: Content) -> Content:
    """Blocks are kept only when neither blocks nor text are given, attachments as long as none are."""
    arguments = call.arguments
    given = [name for name in ("text", "markdown_text", "blocks", "attachments") if name in arguments]
    if not given:
        raise SlackError("no_text")
    text = arguments.text("text") or arguments.text("markdown_text")
    blocks = arguments.structure("blocks", "invalid_blocks_format")
    attachments = arguments.structure("attachments", "invalid_attachments")
    if blocks is None and not text:
        blocks = list(before.blocks)
    if attachments is None:
        attachments = list(before.attachments)
    return checked_content(text, blocks, attachments)


def _own_message(call: Call, refusal: str) -> Message:
    channel = call.channel()
    message = call.workspace.message(channel.id, call.arguments.required("ts"))
    if message.author.bot_id != call.workspace.app.bot_id or message.subtype in ("channel_join", "tombstone"):
        raise SlackError(refusal)
    return message


METHODS = {
    "chat.postMessage": Method(post_message, POSTING),
    "chat.postEphemeral": Method(post_ephemeral_message, TIER_4),
    "chat.update": Method(update_message, TIER_3),
    "chat.delete": Method(delete_message, TIER_3),
    "chat.getPermalink": Method(get_permalink, GENEROUS),
}
