"""Acting on behalf of one person: messages, commands, clicks, modals, the App Home."""

import re
from dataclasses import dataclass

from starlette.requests import Request

from slack_sandbox.interactions.actions import act_in_message, act_in_view, message_acted_upon
from slack_sandbox.interactions.commands import run_command
from slack_sandbox.interactions.home import open_home
from slack_sandbox.interactions.modals import close, own_view, submit
from slack_sandbox.interactions.shortcuts import use_global_shortcut, use_message_shortcut
from slack_sandbox.interactions.suggestions import Query, suggest_in_message, suggest_in_view
from slack_sandbox.own_origin import origin_of
from slack_sandbox.people.channel_acting import channel_answer, member
from slack_sandbox.people.requests import (
    Closing,
    NewAction,
    NewMessage,
    OpenHome,
    Submission,
    Suggesting,
    UseShortcut,
)
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.content import checked_content
from slack_sandbox.workspace.models import Author, Draft
from slack_sandbox.workspace.posting import post


@dataclass(frozen=True)
class Acting:
    sandbox: Sandbox

    async def send_message(self, request: Request, body: NewMessage) -> Json:
        user, channel = member(self.sandbox, body.user, body.channel)
        if is_command(body.text):
            if body.thread_ts:
                sentence = "Slash commands cannot be used in threads."
                raise SlackError("command_in_thread", sentence=sentence)
            sandbox = self.sandbox.seen_by(app_of_command(self.sandbox, body.text))
            return await run_command(sandbox, user, channel, body.text, origin_of(request))
        content = checked_content(body.text, None, None)
        draft = Draft(channel.id, Author(user.id), content, thread_ts=body.thread_ts)
        message = post(self.sandbox.workspace, draft, self.sandbox.clock())
        return {"ok": True, "ts": message.ts}

    async def act(self, request: Request, body: NewAction) -> Json:
        user = self.sandbox.workspace.actor(body.user)
        entered = body.state.values
        if body.view_id:
            sandbox = self._of_view(body.view_id)
            view = own_view(sandbox, user, body.view_id)
            return await act_in_view(sandbox, user, view, body.action, entered)
        message = message_acted_upon(self.sandbox.workspace, user, body.channel, body.message_ts)
        sandbox = self.sandbox.seen_by(message.author.app_id)
        return await act_in_message(sandbox, user, message, body.action, entered, origin_of(request))

    async def suggest(self, _request: Request, body: Suggesting) -> Json:
        """The options that the app offers for what was typed so far."""
        workspace = self.sandbox.workspace
        user = workspace.actor(body.user)
        query = Query(body.block_id, body.action_id, body.value)
        if body.view_id:
            sandbox = self._of_view(body.view_id)
            view = own_view(sandbox, user, body.view_id)
            return await suggest_in_view(sandbox, user, view, body.state.values, query)
        message = message_acted_upon(workspace, user, body.channel, body.message_ts)
        return await suggest_in_message(self.sandbox.seen_by(message.author.app_id), user, message, query)

    async def use_shortcut(self, request: Request, body: UseShortcut) -> Json:
        workspace = self.sandbox.workspace
        user = workspace.actor(body.user)
        sandbox = self.sandbox.seen_by(body.app_id)
        if not body.message_ts:
            return await use_global_shortcut(sandbox, user, body.callback_id)
        message = message_acted_upon(workspace, user, body.channel, body.message_ts)
        return await use_message_shortcut(sandbox, user, message, body.callback_id, origin_of(request))

    async def submit_view(self, request: Request, body: Submission) -> Json:
        user = self.sandbox.workspace.actor(body.user)
        sandbox = self._of_view(request.path_params["view_id"])
        view = own_view(sandbox, user, request.path_params["view_id"])
        return await submit(sandbox, user, view, body.state.values)

    async def close_view(self, request: Request, body: Closing) -> Json:
        user = self.sandbox.workspace.actor(body.user)
        sandbox = self._of_view(request.path_params["view_id"])
        view = own_view(sandbox, user, request.path_params["view_id"])
        return await close(sandbox, user, view, everything=body.everything)

    async def open_app_home(self, _request: Request, body: OpenHome) -> Json:
        """Answers the direct message with the app: the other tab of its home."""
        user = self.sandbox.workspace.actor(body.user)
        return channel_answer(open_home(self.sandbox.seen_by(body.app_id), user, body.tab), user)

    def _of_view(self, view_id: str) -> Sandbox:
        return self.sandbox.seen_by(self.sandbox.workspace.app_of_view(view_id))


def app_of_command(sandbox: Sandbox, text: str) -> str | None:
    """The id of the app that this slash command belongs to, if there is one."""
    word = text.strip().partition(" ")[0]
    return next((app.id for app in sandbox.workspace.apps.values() if app.command == word), None)


def is_command(text: str) -> bool:
    """A slash and a letter at the very start: "/runbook list", but neither "/ 2" nor " /runbook list"."""
    return re.match(r"/[a-z]", text, re.IGNORECASE) is not None
