"""The listeners of the picker, shortcuts, menus and mentions. Each acknowledges at once; Slack is called afterwards."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt import Ack, App, BoltResponse

from bot.answers import EphemeralReplier, sentence
from bot.app_manifest import GLOBAL_SHORTCUT, MESSAGE_SHORTCUT
from bot.cards.blocks import actions, button, section
from bot.commands.call import Opens, Reply
from bot.entry_points import EVENTS, MENUS, SHORTCUTS
from bot.modals.elements import ACTION
from bot.modals.opening import Opener, Shown
from bot.modals.picker import PICK, PICK_INCIDENT, TITLE
from bot.modals.run_form import CALLBACK_ID
from bot.modals.subjects import Subject, subject_of
from bot.pages.links import RunLinks
from bot.starting.ephemeral import Whisperer
from bot.starting.mentions import Dispatch, answer_mention, mention_of
from bot.starting.suggestions import suggest
from bot.starting.views import StartingViews
from core.errors import NotAllowed
from core.unit_of_work import UnitOfWorkFactory

# A button whose value is an incident's id (`-`: the channel's), and behind a colon that of a runbook if one is meant.
OPEN = "run.open"
MENTION = "app_mention"


@dataclass(frozen=True)
class StartingListeners:
    """`dispatch`: handles a command, however it was sent. `single_admin`: as in CommandCall."""

    unit_of_work: UnitOfWorkFactory
    open_modal: Opener
    replier: EphemeralReplier
    whisper: Whisperer
    views: StartingViews
    links: RunLinks
    dispatch: Dispatch
    single_admin: bool

    def register(self, app: App) -> None:
        """Register every listener whose entry point is in the policy."""
        for callback_id in (MESSAGE_SHORTCUT, GLOBAL_SHORTCUT):
            app.shortcut(callback_id)(_listed(callback_id, SHORTCUTS, self.on_shortcut))
        for action_id in (PICK, PICK_INCIDENT, ACTION):
            app.options(action_id)(_listed(action_id, MENUS, self.on_options))
        for action_id, listener in (
            (PICK, self.on_pick),
            (PICK_INCIDENT, self.on_pick_incident),
            (OPEN, self.on_open),
        ):
            app.action(action_id)(_listed(action_id, MENUS, listener))
        app.event(MENTION)(_listed(MENTION, EVENTS, self.on_mention))

    def open_for_command(self, body: Mapping[str, Any], opens: Opens, said: Callable[[], str]) -> None:
        """Open what a command asked for. `said`: what is replied instead if Slack does not open it."""
        url = str(body.get("response_url") or "")
        subject = Subject(opens.runbook_id, opens.incident_id, url)
        user_id = str(body["user_id"])
        build = (
            self.views.form(user_id, subject, opens.given)
            if opens.runbook_id
            else self.views.picker(user_id, subject, str(body["channel_id"]))
        )
        otherwise = (lambda: self.replier(url, said())) if url else (lambda: None)
        self.open_modal.open_later(str(body["trigger_id"]), opens.title or TITLE, build, otherwise)

    def on_shortcut(self, ack: Ack, body: dict[str, Any]) -> BoltResponse:
        """Open the picker: for the incident of the message's channel, or for one that is chosen first."""
        url, channel_id = (
            str(body.get("response_url") or ""),
            str((body.get("channel") or {}).get("id") or ""),
        )
        build = self.views.picker(body["user"]["id"], Subject(response_url=url), channel_id)
        self.open_modal.open_later(body["trigger_id"], TITLE, build, lambda: self._reply_at(url, NOT_OPENED))
        return ack()

    def on_pick_incident(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        """Show the runbooks' menu for the incident that was chosen."""
        subject = replace(subject_of(body["view"]), incident_id=_chosen(action), runbook_id="")
        self.open_modal.update_later(Shown.of(body["view"]), self.views.picker(body["user"]["id"], subject))
        return ack()

    def on_pick(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        """Show the form of the runbook that was chosen, below the menu."""
        subject = replace(subject_of(body["view"]), runbook_id=_chosen(action), version=0, confirmed="")
        self.open_modal.update_later(Shown.of(body["view"]), self.views.form(body["user"]["id"], subject))
        return ack()

    def on_open(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        """Open the picker, or the form of a runbook, for the incident that the button names."""
        incident_id, _, runbook_id = str(action.get("value") or "").lstrip("-").partition(":")
        url, user_id = str(body.get("response_url") or ""), body["user"]["id"]
        subject = Subject(runbook_id, incident_id, url)
        channel_id = str((body.get("channel") or {}).get("id") or "")
        build = (
            self.views.form(user_id, subject)
            if runbook_id
            else self.views.picker(user_id, subject, channel_id)
        )
        self.open_modal.open_later(body["trigger_id"], TITLE, build, lambda: self._reply_at(url, NOT_OPENED))
        return ack()

    def on_options(self, body: dict[str, Any]) -> BoltResponse:
        """Answer with the options that contain what was typed."""
        return BoltResponse(status=200, body=json.dumps(suggest(self.unit_of_work, body)))

    def on_mention(self, ack: Ack, body: dict[str, Any]) -> BoltResponse:
        """Do what the mention says, once, and then acknowledge. The reply is seen by who sent it alone."""
        mention = mention_of(body)
        if mention is not None:
            reply = answer_mention(self.unit_of_work, mention, self.dispatch, single_admin=self.single_admin)
            if reply is not None:
                self.whisper(mention, with_button(reply))
        return ack()

    def refuse_mention(self, body: Mapping[str, Any], error: Exception) -> None:
        """Tell who sent a mention why it was refused."""
        mention = mention_of(body)
        if mention is not None:
            self.whisper(mention, Reply(sentence(error, self.links)))

    def _reply_at(self, response_url: str, said: str) -> None:
        if response_url:
            self.replier(response_url, said)


NOT_OPENED = (
    "⚠️ Slack did not open the form. Try again, or type `/runbook run NAME` in the incident's channel."
)


def with_button(reply: Reply) -> Reply:
    """Return the reply with a button in place of the modal that it would open: a mention cannot open one."""
    opens = reply.opens or _opened_by(reply.form)
    if opens is None:
        return reply
    text = "Enter values" if opens.runbook_id else "Choose a runbook"
    value = f"{opens.incident_id}:{opens.runbook_id}" if opens.runbook_id else opens.incident_id or "-"
    shown = reply.blocks or (section(reply.text),)
    return Reply(
        reply.text, (*shown, actions([button(OPEN, text, value, style="primary")], block_id="run.open"))
    )


def _opened_by(form: Mapping[str, object] | None) -> Opens | None:
    if form is None or form.get("callback_id") != CALLBACK_ID:
        return None
    subject = subject_of(form)
    return Opens(subject.incident_id, subject.runbook_id)


def _listed(name: str, policy: Mapping[str, object], listener: Callable[..., BoltResponse]) -> Any:
    """Return the listener; in its place one that refuses, for an entry point that is not in the policy."""

    def refuse() -> BoltResponse:
        raise NotAllowed(f"Nobody may do this: {name} is not in the policy.")

    return listener if name in policy else refuse


def _chosen(action: Mapping[str, Any]) -> str:
    return str((action.get("selected_option") or {}).get("value") or "")
