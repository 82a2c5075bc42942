"""The Bolt app: all listeners are registered here. Each acknowledges, makes one call into core, and renders the reply.

An acknowledgement needs only our database. A form is the one thing that is opened before it, within a time limit;
if that fails, the reply's text takes its place.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

from bot.actions import BUTTONS, press, press_approve
from bot.answers import NOWHERE, EphemeralReplier, sentence
from bot.cards.definition_approval import APPROVE, NO_LONGER_WORKS
from bot.cards.input import ANSWER
from bot.cards.words import escape_sentence
from bot.channel_events import ChannelListeners
from bot.commands.call import CommandCall, Reply
from bot.commands.dispatch import answer, dispatch
from bot.directory import SlackDirectory, on_user_change
from bot.first_contact import FirstContact
from bot.incident_listeners import IncidentListeners
from bot.limits import SlackLimits
from bot.modals.decision_form import BUTTONS as DECISION_BUTTONS
from bot.modals.decision_form import CALLBACK_ID as DECISION_FORM
from bot.modals.decision_form import open_decision_form, pressed, submit_decision
from bot.modals.decision_form import subject_of as decision_of
from bot.modals.details import DETAILS, run_details
from bot.modals.form import refusal
from bot.modals.input_form import CALLBACK_ID as INPUT_FORM
from bot.modals.input_form import open_form, submit_input
from bot.modals.opening import Opener
from bot.modals.run_form import CALLBACK_ID, submit
from bot.modals.subjects import subject_of
from bot.pages.links import RunLinks
from bot.presence import Presence
from bot.starting.ephemeral import Whisperer
from bot.starting.listeners import StartingListeners
from bot.starting.suggestions import NO_OPTIONS
from bot.starting.views import StartingViews
from bot.tell import Tell
from bot.workspace import Current, only_from
from core.effects.choices import ChoiceFetcher
from core.errors import InvalidInput, RunbookError
from core.identifiers import REQUEST_ID
from core.limits import STANDARD, Limits
from core.tracing import span
from core.unit_of_work import UnitOfWorkFactory

log = structlog.get_logger()

SHORTCUT = ("shortcut", "message_action")
SECONDS = 10  # timeout of a call to Slack's API by this app's client


def create_bolt_app(
    unit_of_work: UnitOfWorkFactory,
    *,
    token: str,
    workspace: Current,
    api_url: str = "https://slack.com/api/",
    single_admin: bool = False,
    links: RunLinks = NOWHERE,
    limits: Limits = STANDARD,
    choices: ChoiceFetcher | None = None,
) -> App:
    """Create the app. It makes no call to Slack, neither at the start (`auth.test`) nor while it dispatches.

    It trusts its input: bot.slack_http and bot.socket verify that requests come from Slack.

    `workspace`: the workspace whose requests are accepted. `single_admin`: True if platform admins may approve
    definitions that they wrote. `links`: to the pages of runs. `limits`: on what people type and click. `choices`:
    fetches the choices of parameters that have some of their own; None: they are typed.
    """
    app = App(
        name="runbook",
        request_verification_enabled=False,  # bot.slack_http has done it, more strictly
        client=WebClient(base_url=api_url, timeout=SECONDS, retry_handlers=[]),
        authorize=_always(token),
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    app.use(name_request)
    app.use(only_from(workspace))
    app.middleware(_limited(SlackLimits(limits)))
    app.middleware(_meeting(FirstContact(unit_of_work, SlackDirectory(token, api_url))))
    presence = Presence(unit_of_work, token, api_url)
    replier, opener = EphemeralReplier(api_url), Opener(token, api_url)
    views, whisper = StartingViews(unit_of_work, links, choices), Whisperer(token, api_url)
    starting = StartingListeners(unit_of_work, opener, replier, whisper, views, links, dispatch, single_admin)
    listeners = SlackListeners(unit_of_work, replier, opener, single_admin, links, presence, starting)
    listeners.register(app)
    IncidentListeners(unit_of_work, listeners.open_modal, listeners.tell).register(app)
    ChannelListeners(unit_of_work).register(app)
    starting.register(app)
    return app


def _always(token: str) -> Any:
    """Authorize every request with our one token: we serve one workspace."""

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return authorize


def name_request(request: BoltRequest, next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 Bolt's name
    """Give a request through Socket Mode an id (middleware). Over HTTP, the web application has already done so."""
    if request.mode != "socket_mode":
        return next()
    request_id = f"req_{secrets.token_hex(8)}"
    structlog.contextvars.bind_contextvars(**{REQUEST_ID: request_id})
    with span("request", request_id, begins=True, method="SOCKET"):
        return next()


def _meeting(contact: FirstContact) -> Callable[..., BoltResponse]:
    """Return a middleware that asks Slack about people who turn up for the first time."""

    def meet(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 Bolt's name
        contact.meet(body)
        return next()

    return meet


def _limited(limits: SlackLimits) -> Callable[..., BoltResponse]:
    """Return a middleware that refuses requests over the limits before they reach a listener."""

    def limit(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 Bolt's name
        limits.check(body)
        return next()

    return limit


@dataclass(frozen=True)
class SlackListeners:
    """The listeners of commands, buttons and forms."""

    unit_of_work: UnitOfWorkFactory
    replier: EphemeralReplier
    open_modal: Opener
    single_admin: bool
    links: RunLinks
    presence: Presence
    starting: StartingListeners

    @property
    def tell(self) -> Tell:
        return Tell(self.replier, self.open_modal)

    def register(self, app: App) -> None:
        """Register every listener of this class."""
        app.command(re.compile(".*"))(self.on_command)
        for action_id in BUTTONS:
            app.action(action_id)(self.on_button)
        app.action(APPROVE)(self.on_definition_approved)
        app.action(ANSWER)(self.on_input_button)
        app.action(DETAILS)(self.on_details)
        for action_id in DECISION_BUTTONS:
            app.action(action_id)(self.on_decision_button)
        app.view(DECISION_FORM)(self.on_decision_form)
        app.view(CALLBACK_ID)(self.on_run_form)
        app.view(INPUT_FORM)(self.on_input_form)
        app.event("user_change")(self.on_user_change)
        app.error(self.on_error)

    def on_command(self, ack: Ack, body: dict[str, Any]) -> BoltResponse:
        call = CommandCall(
            channel_id=body["channel_id"],
            user_id=body["user_id"],
            typed=body.get("text", ""),
            request_key=f"slack:{body['trigger_id']}",
            command=body["command"],
            single_admin=self.single_admin,
            response_url=body.get("response_url", ""),
        )
        reply = answer(self.unit_of_work, call)
        if reply.opens is not None:
            self.starting.open_for_command(body, reply.opens, lambda: self._listed(call, reply))
            return ack()
        if reply.form is not None and self.open_modal(body["trigger_id"], reply.form):
            return ack()
        return ack(reply.beside(self.presence.warning(body)).body())

    def _listed(self, call: CommandCall, reply: Reply) -> str:
        """Return what is said in place of a modal: for the picker, the runbooks that it would have offered."""
        if reply.opens is None or reply.opens.runbook_id:
            return reply.text
        return f"{reply.text}\n{answer(self.unit_of_work, replace(call, typed='list')).text}"

    def on_run_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> BoltResponse:
        """Start the run. A field's error is shown under the field; any other refusal replaces the form."""
        try:
            submitted = submit(self.unit_of_work, view, body["user"]["id"])
        except RunbookError as error:
            return ack(response_action="update", view=refusal(view["title"]["text"], self._says(error)))
        if submitted.errors is not None:
            return ack(response_action="errors", errors=dict(submitted.errors))
        if submitted.then is not None:
            return ack(response_action="update", view=submitted.then)
        url = subject_of(view).response_url
        if not url:
            return ack(response_action="update", view=refusal(view["title"]["text"], submitted.said))
        self._reply_at(url, submitted.said)
        return ack()

    def on_input_button(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        """Open the form. If that fails, say how to answer without it."""
        form, run_id = open_form(self.unit_of_work, action.get("value", ""), body["user"]["id"])
        if form is None or not self.open_modal(body["trigger_id"], form):
            said = f"The form cannot be shown. Type: `/runbook answer {run_id} key=value…`"
            self._reply_at(body.get("response_url"), said)
        return ack()

    def on_details(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        """Show what the failed steps were asked and answered. If that cannot be opened, say where else it is."""
        found = run_details(self.unit_of_work, action.get("value", ""), body["user"]["id"], self.links)
        if not self.open_modal(body["trigger_id"], found.view):
            self._reply_at(body.get("response_url"), found.elsewhere)
        return ack()

    def on_input_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> BoltResponse:
        """Answer. A field's error is shown under the field; any other refusal replaces the form."""
        try:
            submitted = submit_input(self.unit_of_work, view, body["user"]["id"])
        except RunbookError as error:
            return ack(response_action="update", view=refusal(view["title"]["text"], self._says(error)))
        if submitted.errors is not None:
            return ack(response_action="errors", errors=dict(submitted.errors))
        return ack()

    def on_decision_button(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        """Open the form for a reason or a comment. If that fails, say how to decide without it."""
        subject = pressed(action["action_id"], action.get("value", ""), body.get("response_url", ""))
        form = open_decision_form(self.unit_of_work, subject, body["user"]["id"])
        if not self.open_modal(body["trigger_id"], form):
            self._reply_at(subject.response_url, subject.instead)
        return ack()

    def on_decision_form(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> BoltResponse:
        """Decide. A gate that was decided, has expired or has changed meanwhile says so in place of the form."""
        try:
            submitted = submit_decision(self.unit_of_work, view, body["user"]["id"])
        except RunbookError as error:
            return ack(response_action="update", view=refusal(view["title"]["text"], self._says(error)))
        if submitted.errors is not None:
            return ack(response_action="errors", errors=dict(submitted.errors))
        if submitted.said:
            self._reply_at(decision_of(view).response_url, escape_sentence(submitted.said))
        return ack()

    def on_button(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        said = press(self.unit_of_work, action["action_id"], action.get("value", ""), body["user"]["id"])
        if said is not None:
            self.tell(body, escape_sentence(said))
        return ack()

    def on_definition_approved(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        """Approve the definition. The result replaces the card, whose button is good for no other version."""
        value, user_id = action.get("value", ""), body["user"]["id"]
        said = press_approve(self.unit_of_work, value, user_id, single_admin=self.single_admin)
        self._reply_at(body.get("response_url"), said, replace=True)
        return ack()

    def on_user_change(self, ack: Ack, body: dict[str, Any]) -> BoltResponse:
        on_user_change(self.unit_of_work, body)
        return ack()

    def on_error(self, error: Exception, request: BoltRequest) -> BoltResponse:
        """Acknowledge, and reply with the error: if Slack repeated the request, it would fail again."""
        body = request.body
        if "command" in body:
            return BoltResponse(status=200, body=Reply(self._says(error)).body())
        if isinstance(error, BoltUnhandledRequestError):
            return self._unhandled(body)
        if body.get("type") == "view_submission":
            return self._in_place_of_form(error)
        if body.get("type") == "block_suggestion":
            return BoltResponse(status=200, body=json.dumps(NO_OPTIONS))
        if body.get("type") == "event_callback":
            self.starting.refuse_mention(body, error)
        elif body.get("type") in SHORTCUT and not body.get("response_url"):
            self.open_modal(str(body.get("trigger_id")), refusal("Not done", self._says(error)))
        else:
            self._reply(body, error)
        return BoltResponse(status=200)

    def _in_place_of_form(self, error: Exception) -> BoltResponse:
        view = refusal("Not done", self._says(error))
        return BoltResponse(status=200, body=json.dumps({"response_action": "update", "view": view}))

    def _unhandled(self, body: Mapping[str, Any]) -> BoltResponse:
        """Acknowledge an event, which Slack would otherwise repeat. Explain a button of another release."""
        log.info("unhandled request", type=body.get("type"))
        if body.get("type") == "event_callback":
            return BoltResponse(status=200)
        if body.get("type") == "block_actions":
            self._reply(body, InvalidInput(NO_LONGER_WORKS))
            return BoltResponse(status=200)
        return BoltResponse(status=404)

    def _says(self, error: Exception) -> str:
        return sentence(error, self.links)

    def _reply(self, body: Mapping[str, Any], error: Exception) -> None:
        self.tell(body, self._says(error))

    def _reply_at(self, response_url: str | None, said: str, *, replace: bool = False) -> None:
        if response_url:
            self.replier(response_url, said, replace=replace)
