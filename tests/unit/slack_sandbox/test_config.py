from pathlib import Path

import pytest

from slack_sandbox.config import WorkspaceConfig, WorkspaceFileError, load_workspace


def test_a_yaml_file_says_what_the_workspace_is(tmp_path: Path) -> None:
    path = tmp_path / "workspace.yaml"
    path.write_text("team: {name: Initech}\nusers: [{id: U1, name: ann}]\nchannels: [{id: C1, name: ops}]\n")
    config = load_workspace(path)
    assert (config.team.name, config.users[0].name, config.channels[0].members) == ("Initech", "ann", None)


def test_json_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "workspace.json"
    path.write_text('{"app": {"command": "/deploy"}, "enforce_rate_limits": false}')
    assert load_workspace(path).app.command == "/deploy"


def test_an_empty_file_is_the_demo_workspace(tmp_path: Path) -> None:
    path = tmp_path / "workspace.yaml"
    path.write_text("")
    assert load_workspace(path) == WorkspaceConfig()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("users: [{id: U1, name: a}, {id: U1, name: b}]", "the same user id is used twice: U1"),
        ("channels: [{id: C1, name: a}, {id: C2, name: a}]", "the same channel name is used twice: a"),
        ("channels: [{id: C1, name: a, members: [U9]}]", "channel a has unknown members: U9"),
        ("colour: red", "colour"),
        ("{", "workspace.yaml cannot be used"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "workspace.yaml"
    path.write_text(text)
    with pytest.raises(WorkspaceFileError, match=reason):
        load_workspace(path)


def test_a_missing_file_says_which(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceFileError, match=r"nowhere\.yaml"):
        load_workspace(tmp_path / "nowhere.yaml")
