"""Acting on behalf of one person: messages, commands, clicks, modals, channels."""

import re
from dataclasses import dataclass

from starlette.requests import Request

from slack_sandbox.interactions.actions import act_in_message, act_in_view, message_acted_upon
from slack_sandbox.interactions.commands import run_command
from slack_sandbox.interactions.modals import close, own_view, submit
from slack_sandbox.interactions.shortcuts import use_global_shortcut, use_message_shortcut
from slack_sandbox.interactions.suggestions import Query, suggest_in_message, suggest_in_view
from slack_sandbox.own_origin import origin_of
from slack_sandbox.people.requests import (
    ByUser,
    Closing,
    NewAction,
    NewChannel,
    NewMessage,
    Submission,
    Suggesting,
    UseShortcut,
)
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace import membership
from slack_sandbox.workspace.models import Author, Channel, Draft, User, checked_content
from slack_sandbox.workspace.posting import post


@dataclass(frozen=True)
class Acting:
    sandbox: Sandbox

    async def send_message(self, request: Request, body: NewMessage) -> Json:
        user, channel = self._member(body.user, body.channel)
        if is_command(body.text):
            if body.thread_ts:
                sentence = "Slash commands cannot be used in threads."
                raise SlackError("command_in_thread", sentence=sentence)
            return await run_command(self.sandbox, user, channel, body.text, origin_of(request))
        content = checked_content(body.text, None, None)
        draft = Draft(channel.id, Author(user.id), content, thread_ts=body.thread_ts)
        message = post(self.sandbox.workspace, draft, self.sandbox.clock())
        return {"ok": True, "ts": message.ts}

    async def act(self, request: Request, body: NewAction) -> Json:
        user = self.sandbox.workspace.person(body.user)
        entered = body.state.values
        if body.view_id:
            view = own_view(self.sandbox, user, body.view_id)
            return await act_in_view(self.sandbox, user, view, body.action, entered)
        message = message_acted_upon(self.sandbox.workspace, user, body.channel, body.message_ts)
        return await act_in_message(self.sandbox, user, message, body.action, entered, origin_of(request))

    async def suggest(self, _request: Request, body: Suggesting) -> Json:
        """The options that the app offers for what was typed so far."""
        workspace = self.sandbox.workspace
        user = workspace.person(body.user)
        query = Query(body.block_id, body.action_id, body.value)
        if body.view_id:
            view = own_view(self.sandbox, user, body.view_id)
            return await suggest_in_view(self.sandbox, user, view, body.state.values, query)
        message = message_acted_upon(workspace, user, body.channel, body.message_ts)
        return await suggest_in_message(self.sandbox, user, message, query)

    async def use_shortcut(self, request: Request, body: UseShortcut) -> Json:
        workspace = self.sandbox.workspace
        user = workspace.person(body.user)
        if not body.message_ts:
            return await use_global_shortcut(self.sandbox, user, body.callback_id)
        message = message_acted_upon(workspace, user, body.channel, body.message_ts)
        origin = origin_of(request)
        return await use_message_shortcut(self.sandbox, user, message, body.callback_id, origin)

    async def submit_view(self, request: Request, body: Submission) -> Json:
        user = self.sandbox.workspace.person(body.user)
        view = own_view(self.sandbox, user, request.path_params["view_id"])
        return await submit(self.sandbox, user, view, body.state.values)

    async def close_view(self, request: Request, body: Closing) -> Json:
        user = self.sandbox.workspace.person(body.user)
        view = own_view(self.sandbox, user, request.path_params["view_id"])
        return await close(self.sandbox, user, view, everything=body.everything)

    async def create_channel(self, _request: Request, body: NewChannel) -> Json:
        """The app is invited at once: there is only one, and it is meant to be used."""
        workspace, now = self.sandbox.workspace, self.sandbox.clock()
        user = workspace.person(body.user)
        channel = membership.create(workspace, user.id, body.name, now, is_private=body.is_private)
        channel = membership.join(workspace, channel, workspace.app.bot_user_id, now, inviter=user.id)
        return _channel_answer(channel, user)

    async def join_channel(self, request: Request, body: ByUser) -> Json:
        workspace = self.sandbox.workspace
        user = workspace.person(body.user)
        channel = workspace.channel_for(user.id, request.path_params["channel_id"])
        return _channel_answer(membership.join(workspace, channel, user.id, self.sandbox.clock()), user)

    async def archive_channel(self, request: Request, body: ByUser) -> Json:
        user, channel = self._member(body.user, request.path_params["channel_id"])
        now = self.sandbox.clock()
        return _channel_answer(membership.archive(self.sandbox.workspace, channel, user.id, now), user)

    async def unarchive_channel(self, request: Request, body: ByUser) -> Json:
        user, channel = self._member(body.user, request.path_params["channel_id"])
        return _channel_answer(membership.unarchive(self.sandbox.workspace, channel, user.id), user)

    def _member(self, user_id: str, channel_id: str) -> tuple[User, Channel]:
        """The person and a channel they are in. Raises SlackError."""
        user = self.sandbox.workspace.person(user_id)
        channel = self.sandbox.workspace.channel_for(user.id, channel_id)
        if user.id not in channel.members:
            raise SlackError("not_in_channel")
        return user, channel


def _channel_answer(channel: Channel, user: User) -> Json:
    rendered = membership.channel_for_people(channel)
    return {"ok": True, "channel": {**rendered, "is_member": user.id in channel.members}}


def is_command(text: str) -> bool:
    """A slash and a letter at the very start: "/runbook list", but neither "/ 2" nor " /runbook list"."""
    return re.match(r"/[a-z]", text, re.IGNORECASE) is not None
