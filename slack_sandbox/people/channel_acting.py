"""Acting on channels on behalf of one person: creating, joining, renaming, inviting, archiving."""

from dataclasses import dataclass

from starlette.requests import Request

from slack_sandbox.people.requests import ByUser, Inviting, Kicking, NewChannel, Renaming, Topic
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace import membership
from slack_sandbox.workspace.models import Channel, User


@dataclass(frozen=True)
class ChannelActing:
    sandbox: Sandbox

    async def create(self, _request: Request, body: NewChannel) -> Json:
        """The apps are invited at once: they are meant to be used."""
        workspace, now = self.sandbox.workspace, self.sandbox.clock()
        user = workspace.actor(body.user)
        channel = membership.create(workspace, user.id, body.name, now, is_private=body.is_private)
        for app in workspace.apps.values():
            channel = membership.join(workspace, channel, app.bot_user_id, now, inviter=user.id)
        return channel_answer(channel, user)

    async def join(self, request: Request, body: ByUser) -> Json:
        workspace = self.sandbox.workspace
        user = workspace.actor(body.user)
        channel = workspace.channel_for(user.id, request.path_params["channel_id"])
        return channel_answer(membership.join(workspace, channel, user.id, self.sandbox.clock()), user)

    async def leave(self, request: Request, body: ByUser) -> Json:
        user, channel = self._member(request, body)
        left = membership.leave(self.sandbox.workspace, channel, user.id, self.sandbox.clock())
        return channel_answer(left, user)

    async def invite(self, request: Request, body: Inviting) -> Json:
        """Take people or the app into the channel."""
        user, channel = self._member(request, body)
        workspace, now = self.sandbox.workspace, self.sandbox.clock()
        for invited in [workspace.user(each).id for each in body.users]:
            channel = membership.join(workspace, channel, invited, now, inviter=user.id)
        return channel_answer(channel, user)

    async def kick(self, request: Request, body: Kicking) -> Json:
        """Take somebody, or the app, out of the channel."""
        user, channel = self._member(request, body)
        workspace, now = self.sandbox.workspace, self.sandbox.clock()
        gone = workspace.user(body.target).id
        return channel_answer(membership.leave(workspace, channel, gone, now, by=user.id), user)

    async def rename(self, request: Request, body: Renaming) -> Json:
        user, channel = self._member(request, body)
        workspace, now = self.sandbox.workspace, self.sandbox.clock()
        return channel_answer(membership.rename(workspace, channel, user.id, body.name, now), user)

    async def set_topic(self, request: Request, body: Topic) -> Json:
        user, channel = self._member(request, body)
        workspace, now = self.sandbox.workspace, self.sandbox.clock()
        return channel_answer(membership.set_topic(workspace, channel, user.id, body.topic, now), user)

    async def make_private(self, request: Request, body: ByUser) -> Json:
        user, channel = self._member(request, body)
        return channel_answer(membership.make_private(self.sandbox.workspace, channel), user)

    async def archive(self, request: Request, body: ByUser) -> Json:
        user, channel = self._member(request, body)
        now = self.sandbox.clock()
        return channel_answer(membership.archive(self.sandbox.workspace, channel, user.id, now), user)

    async def unarchive(self, request: Request, body: ByUser) -> Json:
        user, channel = self._member(request, body)
        return channel_answer(membership.unarchive(self.sandbox.workspace, channel, user.id), user)

    def _member(self, request: Request, body: ByUser) -> tuple[User, Channel]:
        return member(self.sandbox, body.user, request.path_params["channel_id"])


def member(sandbox: Sandbox, user_id: str, channel_id: str) -> tuple[User, Channel]:
    """The person and a channel they are in. Raises SlackError."""
    user = sandbox.workspace.actor(user_id)
    channel = sandbox.workspace.channel_for(user.id, channel_id)
    if user.id not in channel.members:
        raise SlackError("not_in_channel")
    return user, channel


def channel_answer(channel: Channel, user: User) -> Json:
    rendered = membership.channel_for_people(channel)
    return {"ok": True, "channel": {**rendered, "is_member": user.id in channel.members}}
