"""The Home tab: what waits for this person, what runs for their teams, open incidents, and their last runs.

https://docs.slack.dev/surfaces/app-home. A view has at most 100 blocks, and what is asked comes first: an approval is
shown as its own message shows it, whole, so that nobody approves blindly.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.cards.about import freeze_blocks, tag, title
from bot.cards.blocks import Block, actions, button, context, section
from bot.cards.gate import decision_buttons, gate_body
from bot.cards.incident import ACKNOWLEDGE, RUN, SYMBOLS, TITLE_LENGTH
from bot.cards.request_blocks import Space, where_full_text_is
from bot.cards.words import SYMBOLS as STATUS_SYMBOLS
from bot.cards.words import (
    bounded,
    counted,
    escape,
    escape_sentence,
    link,
    moment,
    one_line,
    status_words,
    who,
)
from core.statuses import IncidentStatus
from core.views.executions import ApprovalView, ExecutionView
from core.views.home import Home
from core.views.incidents import IncidentView

BLOCKS = 100  # https://docs.slack.dev/reference/views/home-tab-views
NEW_INCIDENT = "incident.new"
FIRST, REST = 60, 38  # blocks for approvals, and for everything else

Page = Callable[[str], str]
View = dict[str, object]


def home_view(home: Home, now: datetime, page: Page) -> View:
    """Return the view for `views.publish`. `page`: the address of a run's page, or an empty text."""
    updated = context(f"Updated at {moment(now)}. It follows changes for an hour after you opened it.")
    return {"type": "home", "blocks": [*home_blocks(home, page), updated]}


def home_blocks(home: Home, page: Page) -> list[Block]:
    """Return everything but the time, which alone is no news."""
    if home.refusal:
        return [section(f"⛔ {escape_sentence(home.refusal)}")]
    if not home.has_team:
        return [
            section("*You are in no team.* Ask an admin of a team to add you, or type `/runbook help`."),
            *_approvals(home, page),
        ]
    first = actions(
        [
            button(RUN, "Run a runbook", "-", style="primary"),
            button(NEW_INCIDENT, "Open an incident", "home"),
        ],
        block_id="home.first",
    )
    rest = [
        *_list("Open incidents", [_incident_block(each) for each in home.incidents], "None is open."),
        *_list(
            "Running for your teams", [_run_block(each, page) for each in home.running], "Nothing is running."
        ),
        *_list(
            "Your last runs", [_run_block(each, page) for each in home.own], "You have not run anything yet."
        ),
    ]
    return [first, *_approvals(home, page), *rest[:REST]]


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": True}}


def _list(heading: str, blocks: Sequence[Block], nothing: str) -> list[Block]:
    return [_header(heading), *(blocks or [context(nothing)])]


def _approvals(home: Home, page: Page) -> list[Block]:
    """Return the approvals, as many as there is room for, and how many more there are."""
    shown: list[Block] = []
    for number, (run, approval) in enumerate(home.approvals):
        blocks = _approval(run, approval, page)
        if len(shown) + len(blocks) > FIRST - 3:
            return [*_waiting(shown), _more(len(home.approvals) - number + home.more_approvals)]
        shown += blocks
    more = [_more(home.more_approvals)] if home.more_approvals else []
    return [*_waiting(shown), *more]


def _waiting(blocks: Sequence[Block]) -> list[Block]:
    return _list("Waiting for your decision", blocks, "Nothing waits for you.")


def _more(number: int) -> Block:
    return context(f"{counted(number, 'more approval')} for you. To list them: `/runbook approvals`")


def _approval(run: ExecutionView, approval: ApprovalView, page: Page) -> list[Block]:
    """Return the gate as its message has it; without the buttons if it would not fit."""
    address = page(run.id)
    lead = f"🔐 {title(run)} for inc-{run.incident_number}, requested by {who(approval.requester)}"
    return [
        section(lead),
        *gate_body(run, approval, Space(where_full_text_is(run, address))),
        *freeze_blocks(run.freeze),
        decision_buttons(approval),
        tag(run, address),
    ]


def _incident_block(shown: IncidentView) -> Block:
    place = f" · <#{shown.slack_channel}>" if shown.slack_channel else ""
    what = bounded(escape(one_line(shown.title)), TITLE_LENGTH)
    line = section(
        f"{SYMBOLS[shown.severity]} *{shown.severity.value}: {what}* (inc-{shown.number})\n"
        f"{shown.status.value} · team {escape(shown.team)}{place} · opened {_when(shown.created_at)}"
    )
    if shown.status is not IncidentStatus.OPEN:
        return line
    return line | {"accessory": button(ACKNOWLEDGE, "Acknowledge", shown.id)}


def _run_block(run: ExecutionView, page: Page) -> Block:
    status = f"{STATUS_SYMBOLS[run.status]} {title(run)} {status_words(run.status, run.waiting_for)}"
    address = page(run.id)
    to_page = f" · {link(address, 'page')}" if address else ""
    return section(
        f"{status}\ninc-{run.incident_number} · by {who(run.requested_by)} · {_when(run.created_at)}{to_page}"
    )


def _when(at: datetime) -> str:
    return moment(at, "{date_short_pretty} {time}")
