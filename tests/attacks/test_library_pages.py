"""The pages of the library: as somebody of another team, by another site's hand, and with markup as names and texts."""

import html
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from core.definitions.documents import OF_REQUESTS
from core.services.library.kinds import RUNBOOKS
from core.tables import Runbook, RunbookVersion
from slack_sandbox.serving import RunningSandbox
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, NOBODY, PLATFORM, WEB_ADMIN, Deployment
from tests.attacks.sign_in_world import Browser, open_to_browsers, workspace

MARKUP = "<script>alert(1)</script>"
ESCAPED = html.escape(MARKUP)
LIBRARY = f"""
kind: runbook
name: data-secret
team: data
description: "{MARKUP}"
parameters: {{type: object, properties: {{where: {{type: string, description: "{MARKUP}", default: "{MARKUP}"}}}}}}
steps:
  - {{id: say, name: "{MARKUP}", type: message, text: "{MARKUP}", if: 'incident.title != "{MARKUP}"'}}
  - {{id: gate, type: approval, message: "{MARKUP} `x` <@U0DATAOPS>"}}
tests:
  - {{name: "{MARKUP}", expect: {{status: succeeded, error: "{MARKUP}"}}}}
---
kind: workflow
name: data-flow
team: data
description: "{MARKUP}"
trigger: {{on: incident.created}}
when: incident.title != "{MARKUP}"
actions: [{{id: say, type: message, text: "{MARKUP}", if: 'incident.title != "{MARKUP}"'}}]
"""
READ = (
    "/runbooks/data-secret",
    "/runbooks/data-secret/tests",
    "/runbooks/data-secret/versions?from=1&to=1",
    "/runbooks/data-secret/edit",
    "/workflows/data-flow",
    "/workflows/data-flow/edit",
    "/workflows/data-flow/versions",
    "/runbooks",
    "/workflows",
    "/search?q=data",
)


@pytest.fixture(scope="module")
def slack() -> Iterator[RunningSandbox]:
    with RunningSandbox(workspace()) as running:
        yield running


@pytest.fixture
def admin(deployment: Deployment, slack: RunningSandbox) -> Browser:
    """The admin of data, at the pages; there is a runbook and a workflow of data."""
    open_to_browsers(deployment, slack)
    deployment.apply(LIBRARY)
    return signed_in(deployment, slack, DATA_ADMIN)


def signed_in(deployment: Deployment, slack: RunningSandbox, person: str) -> Browser:
    browser = Browser(deployment)
    browser.sign_in(slack, person)
    return browser


@pytest.mark.parametrize("path", READ)
def test_markup_in_a_definition_stays_text(admin: Browser, path: str) -> None:
    shown = admin.get(path)
    assert shown.status_code == 200
    assert MARKUP not in shown.text
    assert "script-src 'self'" in shown.headers["content-security-policy"]


def test_markup_in_what_is_typed_stays_text(admin: Browser) -> None:
    found = admin.get("/search?q=" + MARKUP.replace("<", "%3C"))
    assert MARKUP not in found.text
    assert ESCAPED in found.text
    for text in (
        f"{MARKUP}",
        f'kind: "{MARKUP}"',
        f"kind: runbook\nname: '{MARKUP}'\nsteps: []",
        "</textarea>" + MARKUP,
    ):
        fields = admin.forms("/new/runbook")["/new/runbook"]
        checked = admin.send("/new/runbook/check", {**fields, "text": text})
        assert (checked.status_code, MARKUP in checked.text) == (200, False), text
        refused = admin.send("/new/runbook", {**fields, "text": text, "note": f'"{MARKUP}'})
        assert (refused.status_code in (403, 422), MARKUP in refused.text) == (True, False), text


def test_nothing_of_another_team_is_shown_or_told_apart(
    deployment: Deployment, admin: Browser, slack: RunningSandbox
) -> None:
    web = signed_in(deployment, slack, WEB_ADMIN)
    for path in READ[:7]:
        noun = "runbook" if path.startswith("/runbook") else "workflow"
        there, missing = (
            web.get(path),
            web.get(path.replace(f"data-{'secret' if noun == 'runbook' else 'flow'}", "nothing")),
        )
        assert there.status_code == missing.status_code == 404, path
        assert there.text.replace("data-secret", "nothing").replace("data-flow", "nothing") == missing.text, (
            path
        )
    for path in READ[7:]:
        assert "data-secret" not in web.get(path).text
        assert "data-flow" not in web.get(path).text


def test_an_id_leads_to_its_page_and_anothers_leads_nowhere(
    deployment: Deployment, admin: Browser, slack: RunningSandbox
) -> None:
    incident, web = deployment.incident("data"), signed_in(deployment, slack, WEB_ADMIN)
    with deployment.unit_of_work.begin() as work:
        runbook = work.session.scalars(select(Runbook.id).where(Runbook.name == "data-secret")).one()
    places = {
        f"inc-{incident.number}": f"/incidents/inc-{incident.number}",
        incident.id: f"/incidents/inc-{incident.number}",
        runbook: f"/runbooks/{runbook}",
    }
    for typed, place in places.items():
        assert admin.get(f"/search?q={typed}").headers["location"] == place
        assert web.get(f"/search?q={typed}").status_code == 200
        assert "Nothing that you may see is found" in web.get(f"/search?q={typed}").text
    assert admin.get("/search?q=//evil.example").status_code == 200


def test_who_may_not_write_gets_no_editor_and_no_check(
    deployment: Deployment, admin: Browser, slack: RunningSandbox
) -> None:
    for person in (DATA_OPS, NOBODY):
        browser = signed_in(deployment, slack, person)
        fields = browser.forms("/runs")["/sign-out"]
        assert browser.get("/new/runbook").status_code == 403
        assert browser.send("/new/runbook/check", {**fields, "text": LIBRARY}).status_code == 403
        assert browser.send("/new/workflow", {**fields, "text": LIBRARY}).status_code == 403
        assert "/new/runbook" not in browser.get("/runbooks").text
    ops = signed_in(deployment, slack, DATA_OPS)
    assert ops.get("/runbooks/data-secret/edit").status_code == 403
    assert "/edit" not in ops.get("/runbooks/data-secret").text


def test_a_new_definition_for_another_team_is_refused_before_it_is_read(
    deployment: Deployment, admin: Browser, slack: RunningSandbox
) -> None:
    web = signed_in(deployment, slack, WEB_ADMIN)
    fields = web.forms("/new/runbook")["/new/runbook"]
    text = "kind: runbook\nname: planted\nteam: data\nsteps: nonsense\n"
    checked = web.send("/new/runbook/check", {**fields, "text": text})
    assert "Only an admin of team data may write its definitions." in html.unescape(checked.text)
    assert "nonsense" not in checked.text
    assert web.send("/new/runbook", {**fields, "text": text}).status_code == 403
    with deployment.unit_of_work.begin() as work:
        assert work.session.scalar(select(Runbook).where(Runbook.name == "planted")) is None


def test_another_site_saves_and_approves_nothing(
    deployment: Deployment, admin: Browser, slack: RunningSandbox
) -> None:
    edit, text = "/runbooks/{}/edit", LIBRARY.partition("---")[0].replace("where", "there")
    fields = next(
        value for name, value in admin.forms("/runbooks/data-secret/edit").items() if name.endswith("/edit")
    )
    action = edit.format("data-secret")
    forged = {**fields, "text": text}
    without = {name: value for name, value in forged.items() if name != "form"}
    for sent, headers in (
        (without, {}),
        ({**forged, "form": "x"}, {}),
        (forged, {"Sec-Fetch-Site": "cross-site"}),
        (forged, {"Origin": "https://evil.example"}),
    ):
        for address in (
            action,
            action.replace("edit", "check"),
            action.replace("edit", "approve"),
            "/new/runbook",
        ):
            assert admin.send(address, sent, **headers).status_code == 403, (address, headers)
    assert versions(deployment) == [1]
    assert admin.send(action, forged).status_code == 303
    assert versions(deployment) == [1, 2]
    assert admin.send(action, forged).status_code == 303  # the same form again: once
    assert versions(deployment) == [1, 2]


def versions(deployment: Deployment) -> list[int]:
    query = select(RunbookVersion.version).join(Runbook, Runbook.id == RunbookVersion.owner_id)
    with deployment.unit_of_work.begin() as work:
        written = query.where(Runbook.name == "data-secret", RunbookVersion.change != "approved")
        return list(work.session.scalars(written.order_by(RunbookVersion.id)))


def test_what_was_changed_meanwhile_is_not_overwritten_and_not_approved(
    deployment: Deployment, admin: Browser, slack: RunningSandbox
) -> None:
    text = LIBRARY.partition("---")[0]
    address = "/runbooks/data-secret/edit"
    first, second = (
        next(value for name, value in admin.forms(address).items() if name.endswith("/edit"))
        for _ in range(2)
    )
    assert admin.send(address, {**first, "text": text.replace("where", "there")}).status_code == 303
    platform = signed_in(deployment, slack, PLATFORM)
    [approve] = [
        value for name, value in platform.forms("/runbooks/data-secret").items() if name.endswith("/approve")
    ]

    late = admin.send(address, {**second, "text": text.replace("where", "nowhere")})
    assert (late.status_code, "is at version 2, not at version 1" in late.text) == (412, True)
    assert "nowhere" in late.text  # what was typed is still there
    again = next(value for name, value in admin.forms(address).items() if name.endswith("/edit"))
    assert admin.send(address, {**again, "text": text.replace("where", "elsewhere")}).status_code == 303

    stale = platform.send("/runbooks/data-secret/approve", approve)
    assert (stale.status_code, "is at version 3, not at version 2" in stale.text) == (412, True)
    forged = platform.send("/runbooks/data-secret/approve", {**approve, "version": "3", "key": "k" * 20})
    assert (forged.status_code, "is different from what you read" in html.unescape(forged.text)) == (
        412,
        True,
    )


def test_nobody_approves_what_they_wrote(
    deployment: Deployment, slack: RunningSandbox, admin: Browser
) -> None:
    platform = signed_in(deployment, slack, PLATFORM)
    address = "/runbooks/data-secret/edit"
    fields = next(value for name, value in platform.forms(address).items() if name.endswith("/edit"))
    text = LIBRARY.partition("---")[0].replace("where", "there")
    assert platform.send(address, {**fields, "text": text}).status_code == 303
    shown = platform.get("/runbooks/data-secret")
    assert "You wrote version 2 of data-secret, so somebody else must approve it." in shown.text
    assert "/approve" not in shown.text
    with deployment.unit_of_work.begin() as work:
        row = work.session.scalars(select(Runbook).where(Runbook.name == "data-secret")).one()
        digest = RUNBOOKS.digest_of(row)
    tried = platform.send(
        "/runbooks/data-secret/approve", {**fields, "version": "2", "digest": digest, "key": ""}
    )
    assert tried.status_code == 403


def test_a_text_beyond_the_bounds_is_refused_before_it_is_parsed(admin: Browser) -> None:
    fields = admin.forms("/new/runbook")["/new/runbook"]
    large = "kind: runbook\n#" + "x" * OF_REQUESTS.size
    checked = admin.send("/new/runbook/check", {**fields, "text": large})
    assert checked.status_code == 200
    assert "larger than" in checked.text or "too large" in checked.text
    bomb = "kind: runbook\nname: a\nsteps:\n" + "  - {id: a, type: shell, argv: [x]}\n" * 5_000
    assert admin.send("/new/runbook/check", {**fields, "text": bomb}).status_code == 200
    nul = admin.send("/new/runbook", {**fields, "text": "kind: runbook\0", "note": "\0"})
    assert nul.status_code == 422
