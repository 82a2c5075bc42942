"""The picker: which runbook, and where no incident belongs to the channel, for which incident. Pure."""

from collections.abc import Iterable, Sequence

from bot.cards.blocks import Block, context
from bot.cards.words import escape, one_line
from bot.modals.elements import plain
from bot.modals.limits import OPTION_TEXT, OPTIONS, PLACEHOLDER
from bot.modals.subjects import ForIncident
from core.services.library.runnable import Runnable

PICK, PICK_INCIDENT = "run.pick", "run.incident"
TITLE = "Run a runbook"
FITS, LATELY, OTHERS = "Made for this incident", "Used lately", "All others"
Option = Block


def picker_blocks(
    incident: ForIncident | None, chosen: Option | None, *, chooses_incident: bool
) -> list[Block]:
    """Return the menus. `chosen`: the option of the runbook that was chosen, if one was.

    Their ids name what they choose from: Slack keeps what was chosen in a menu that has the same ids.
    """
    above = [_incident_menu(incident)] if chooses_incident else [_about(incident)] if incident else []
    return [*above, *([_runbook_menu(incident, chosen)] if incident else [])]


def _about(incident: ForIncident) -> Block:
    parts = (f"*inc-{incident.number}* {escape(one_line(incident.title))}", escape(incident.service or ""))
    return context("For " + " · ".join(filter(None, parts)))


def _incident_menu(incident: ForIncident | None) -> Block:
    chosen = incident_option(incident) if incident else None
    return _menu("*Which incident?*", "pick.incident", PICK_INCIDENT, chosen, "Search by number or title")


def _runbook_menu(incident: ForIncident | None, chosen: Option | None) -> Block:
    block_id = f"pick.runbook.{incident.id if incident else ''}"
    return _menu("*Which runbook?*", block_id, PICK, chosen, "Search by name")


def _menu(question: str, block_id: str, action_id: str, chosen: Option | None, placeholder: str) -> Block:
    """https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select"""
    menu: Block = {
        "type": "external_select",
        "action_id": action_id,
        "min_query_length": 0,
        "placeholder": plain(placeholder, PLACEHOLDER),
    }
    if chosen is not None:
        menu["initial_option"] = chosen
    return {
        "type": "section",
        "block_id": block_id,
        "text": {"type": "mrkdwn", "text": question},
        "accessory": menu,
    }


def runbook_option(runbook: Runnable) -> Option:
    name = f"{runbook.name} · {runbook.team or 'global'}"
    option: Option = {"text": plain(name, OPTION_TEXT), "value": runbook.id}
    shown = runbook.description
    return option | ({"description": plain(shown, OPTION_TEXT)} if shown else {})


def incident_option(incident: ForIncident) -> Option:
    name = f"inc-{incident.number} {one_line(incident.title)}"
    return {"text": plain(name, OPTION_TEXT), "value": incident.id}


def runbook_groups(found: Sequence[Runnable]) -> list[Block]:
    """Return the options in groups that say why they are offered, at most 100 in all; without empty groups.

    https://docs.slack.dev/reference/block-kit/composition-objects/option-group-object
    """
    listed = found[:OPTIONS]
    groups = {
        FITS: [each for each in listed if each.fits],
        LATELY: [each for each in listed if not each.fits and each.last_used],
        OTHERS: [each for each in listed if not each.fits and not each.last_used],
    }
    return [_group(name, map(runbook_option, members)) for name, members in groups.items() if members]


def _group(name: str, options: Iterable[Option]) -> Block:
    return {"label": plain(name, OPTION_TEXT), "options": list(options)}
