"""What a person does with a message that is there: edit, delete, react, pin, read."""

from dataclasses import dataclass

from starlette.requests import Request

from slack_sandbox.people.channel_acting import member
from slack_sandbox.people.requests import Editing, OnMessage, Pinning, Reacting
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.content import checked_content
from slack_sandbox.workspace.models import Message, User
from slack_sandbox.workspace.pins import pin, unpin
from slack_sandbox.workspace.posting import delete, edit
from slack_sandbox.workspace.reacting import react, take_back


@dataclass(frozen=True)
class MessageActing:
    sandbox: Sandbox

    async def edit(self, _request: Request, body: Editing) -> Json:
        """https://docs.slack.dev/reference/events/message/message_changed"""
        _, message = self._own(body, "cant_update_message")
        content = checked_content(body.text, None, None)
        edit(self.sandbox.workspace, message, content, message.metadata, self.sandbox.clock())
        return {"ok": True}

    async def delete(self, _request: Request, body: OnMessage) -> Json:
        """https://docs.slack.dev/reference/events/message/message_deleted"""
        _, message = self._own(body, "cant_delete_message")
        delete(self.sandbox.workspace, message)
        return {"ok": True}

    async def react(self, _request: Request, body: Reacting) -> Json:
        user, message = self._message(body)
        (take_back if body.remove else react)(self.sandbox.workspace, message, body.name.strip(":"), user.id)
        return {"ok": True}

    async def pin(self, _request: Request, body: Pinning) -> Json:
        user, message = self._message(body)
        if body.remove:
            unpin(self.sandbox.workspace, message, user.id)
        else:
            pin(self.sandbox.workspace, message, user.id, self.sandbox.clock())
        return {"ok": True}

    async def read(self, _request: Request, body: OnMessage) -> Json:
        """Everything up to this message has been seen."""
        user = self.sandbox.workspace.person(body.user)
        channel = self.sandbox.workspace.channel_for(user.id, body.channel)
        marks = self.sandbox.workspace.mark_read(user.id, channel.id, body.ts)
        self.sandbox.stream.publish("read", {"read": dict(marks)}, frozenset([user.id]))
        return {"ok": True, "read": dict(marks)}

    def _message(self, body: OnMessage) -> tuple[User, Message]:
        user, channel = member(self.sandbox, body.user, body.channel)
        return user, self.sandbox.workspace.message(channel.id, body.ts)

    def _own(self, body: OnMessage, refusal: str) -> tuple[User, Message]:
        """Raises SlackError(refusal) for a message of somebody else, and for a line about the channel."""
        user, message = self._message(body)
        if message.author.user != user.id or message.subtype not in (None, "thread_broadcast", "file_share"):
            raise SlackError(refusal, sentence="Only your own messages can be changed.")
        if self.sandbox.workspace.channels[message.channel].is_archived:
            raise SlackError("is_archived")
        return user, message
