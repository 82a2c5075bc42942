"""The incident's card (what is wrong, and its buttons), and the lines of its timeline."""

import re
from collections.abc import Mapping, Sequence

from bot.cards.about import freeze_blocks, freeze_words
from bot.cards.blocks import Block, Confirm, Message, actions, button, context, section
from bot.cards.limits import BLOCK_ID, MESSAGE_TEXT, SECTION_TEXT
from bot.cards.words import bounded, code, escape, escape_sentence, link, moment, one_line, who
from core.statuses import UNRESOLVED, IncidentKind, IncidentStatus, Severity
from core.views.executions import FreezeView
from core.views.incidents import IncidentView, ProposalView, TimelineEntryView

TITLE_LENGTH = 300
MOST_LABELS = 12
MOST_LINKS = 6
WEB_ADDRESS = re.compile(r"https?://[^\s|<>]{1,400}")
SYMBOLS = {
    Severity.INFO: "ℹ️",
    Severity.LOW: "🟢",
    Severity.MEDIUM: "🟡",
    Severity.HIGH: "🟠",
    Severity.CRITICAL: "🔴",
}
ACKNOWLEDGE, RESOLVE = "incident.ack", "incident.resolve"
ESCALATE, NOTE, TIMELINE = "incident.escalate", "incident.note", "incident.timeline"
RUN = "run.open"  # its value: an incident, and behind a colon the runbook, if one is proposed
# In order. Where Acknowledge was, a second tap that was not meant must not resolve: Resolve is always the last.
OFFERED: Mapping[IncidentStatus, Sequence[str]] = {
    IncidentStatus.OPEN: (ACKNOWLEDGE, RUN, ESCALATE, NOTE, TIMELINE, RESOLVE),
    IncidentStatus.ACKNOWLEDGED: (RUN, ESCALATE, NOTE, TIMELINE, RESOLVE),
    IncidentStatus.RESOLVED: (NOTE, TIMELINE),
    IncidentStatus.CLOSED: (TIMELINE,),
}
WORDS = {
    ACKNOWLEDGE: "Acknowledge",
    RESOLVE: "Resolve",
    ESCALATE: "Escalate",
    RUN: "Run a runbook",
    NOTE: "Add note",
    TIMELINE: "Timeline",
}
TYPED = {
    IncidentStatus.OPEN: ("incident ack", "list", "run NAME"),
    IncidentStatus.ACKNOWLEDGED: ("list", "run NAME", "incident resolve"),
    IncidentStatus.RESOLVED: ("incident close", "incident export"),
    IncidentStatus.CLOSED: (),
}
MOST_PROPOSED = 3
SUMMARY_LENGTH = 150


def incident(
    shown: IncidentView,
    freeze: FreezeView | None = None,
    *,
    proposed: Sequence[ProposalView] = (),
    command: str = "/runbook",
    page: str = "",
) -> Message:
    """Return the card. `freeze` holds the incident's runs; `proposed`: the runbooks that match it, the best first.

    `command` is the workspace's name of the slash command. `page`: the address of the incident's page; empty if it has
    none.
    """
    blocks = [section(_first_lines(shown, page), block_id=f"incident.{shown.id}")]
    if shown.description.strip():
        blocks.append(section(bounded(escape(shown.description.strip()), SECTION_TEXT)))
    blocks += [
        *_label_blocks(shown),
        *_link_blocks(shown),
        *freeze_blocks(freeze),
        incident_buttons(shown),
        *_proposal_blocks(shown, proposed),
        *_typed_blocks(shown, command),
    ]
    text = f"{_text(shown)}{' ' if freeze else ''}{freeze_words(freeze)}"
    return Message(bounded(text, MESSAGE_TEXT), blocks)


def _title(shown: IncidentView) -> str:
    return bounded(escape(one_line(shown.title)), TITLE_LENGTH)


def _first_lines(shown: IncidentView, page: str) -> str:
    number = f"inc-{shown.number}"
    return (
        f"{_symbol(shown)} *{_what(shown)}: {_title(shown)}* ({link(page, number) if page else number})\n"
        f"*{shown.status.value}* · {_where(shown)} · opened by {who(shown.opened_by)} "
        f"at {moment(shown.created_at)}"
    )


def _symbol(shown: IncidentView) -> str:
    return "⚙️" if shown.kind is IncidentKind.MAINTENANCE else SYMBOLS[shown.severity]


def _what(shown: IncidentView) -> str:
    """Return the severity; for work that a schedule planned, that it is no emergency."""
    if shown.kind is not IncidentKind.MAINTENANCE:
        return shown.severity.value
    usual = shown.severity is Severity.INFO
    return "planned maintenance" if usual else f"planned maintenance, {shown.severity.value}"


def _where(shown: IncidentView) -> str:
    team = f"team {escape(shown.team)}"
    return f"{bounded(escape(one_line(shown.service)), TITLE_LENGTH)} · {team}" if shown.service else team


def _text(shown: IncidentView) -> str:
    return (
        f"{_symbol(shown)} {_what(shown)}: {_title(shown)} (inc-{shown.number}), "
        f"{_where(shown)}, {shown.status.value}, opened by {who(shown.opened_by)}"
    )


def _label_blocks(shown: IncidentView) -> list[Block]:
    labels = [f"{code(name)} {code(value)}" for name, value in list(shown.labels.items())[:MOST_LABELS]]
    return [context(" · ".join(labels))] if labels else []


def _link_blocks(shown: IncidentView) -> list[Block]:
    """Return the newest links, such as tickets. Only web addresses become links."""
    links = [each for each in shown.links if WEB_ADDRESS.fullmatch(each.url)][-MOST_LINKS:]
    shown_links = [link(each.url, each.name) for each in links]
    return [context("🔗 " + " · ".join(shown_links))] if shown_links else []


def incident_buttons(shown: IncidentView) -> Block:
    """Return the buttons for the incident's status. Each carries the incident's id."""
    offered = [each for each in OFFERED[shown.status] if each != ESCALATE or _is_below_critical(shown)]
    elements = [_button(shown, action_id, is_first=place == 0) for place, action_id in enumerate(offered)]
    return actions(elements, block_id=f"incident_buttons.{shown.id}")


def _is_below_critical(shown: IncidentView) -> bool:
    return shown.severity is not Severity.CRITICAL


def _button(shown: IncidentView, action_id: str, *, is_first: bool) -> Block:
    """Resolving cannot be undone, so a tap on a phone that was not meant is asked about."""
    confirm = Confirm(
        title=f"Resolve inc-{shown.number}?",
        text="It is marked as resolved, a summary is posted here, and it cannot be reopened.",
        confirm="Resolve",
    )
    style = "primary" if is_first and action_id in (ACKNOWLEDGE, RUN) else None
    asked = confirm if action_id == RESOLVE else None
    return button(action_id, WORDS[action_id], shown.id, style=style, confirm=asked)


def _proposal_blocks(shown: IncidentView, proposed: Sequence[ProposalView]) -> list[Block]:
    """Return one block for each proposed runbook, with its button; only while something is left to do."""
    if shown.status not in UNRESOLVED:
        return []
    return [_proposal(shown, each) for each in proposed[:MOST_PROPOSED]]


def _proposal(shown: IncidentView, each: ProposalView) -> Block:
    about = bounded(escape(one_line(each.description)), SUMMARY_LENGTH)
    block = section(f"Proposed: *{escape(each.name)}*{f': {about}' if about else ''}")
    run = button(RUN, f"Run {each.name}", f"{shown.id}:{each.runbook_id}")
    return block | {"accessory": run, "block_id": bounded(f"propose.{shown.id}.{each.runbook_id}", BLOCK_ID)}


def _typed_blocks(shown: IncidentView, command: str) -> list[Block]:
    typed = [code(f"{command} {words}") for words in TYPED[shown.status]]
    return [context("Or type: " + " · ".join(typed))] if typed else []


LINE_LENGTH = 250


def timeline_lines(entries: Sequence[TimelineEntryView]) -> list[str]:
    """Return one line for each entry: `02:12 @ann approved step gate of db-failover`. System entries name nobody."""
    return [_line(entry) for entry in entries]


def _line(entry: TimelineEntryView) -> str:
    actor = "" if entry.actor == "system" else f"{who(entry.actor)} "
    return f"{moment(entry.at)} {actor}{bounded(escape_sentence(one_line(entry.text)), LINE_LENGTH)}"
