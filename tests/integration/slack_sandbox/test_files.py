"""Files: uploaded in two calls around a plain POST, shared, read back."""

from typing import Any

import httpx2
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from slack_sandbox.file_endpoints import first_part
from slack_sandbox.serving import RunningSandbox
from tests.integration.slack_sandbox.apps import APP
from tests.integration.slack_sandbox.people import ALICE, GENERAL, People

OUTPUT = "\n".join(f"line {n}" for n in range(400))


def test_a_long_output_is_shared_in_a_thread_and_downloaded_again(client: WebClient, people: People) -> None:
    parent = client.chat_postMessage(channel=GENERAL, text="Running")["ts"]
    place: Any = {"channel": GENERAL, "thread_ts": parent, "initial_comment": "All of it"}
    client.files_upload_v2(content=OUTPUT, filename="out.txt", title="Output", **place)
    [reply] = [message for message in people.messages() if message.get("files")]
    assert (reply["thread_ts"], reply["text"], reply["subtype"]) == (parent, "All of it", "file_share")
    [file] = reply["files"]
    assert (file["name"], file["title"], file["size"], file["lines"]) == (
        "out.txt",
        "Output",
        len(OUTPUT),
        400,
    )
    assert file["preview"] == OUTPUT[:1000]
    assert file["shares"]["public"][GENERAL][0]["ts"] == reply["ts"]
    token = {"Authorization": f"Bearer {APP.bot_token}"}
    assert httpx2.get(file["url_private"], headers=token).text == OUTPUT
    assert "Sign in" in httpx2.get(file["url_private"]).text
    page = httpx2.get(file["url_private_download"], headers={"Sec-Fetch-Site": "same-origin"})
    assert page.headers["content-disposition"] == 'attachment; filename="out.txt"'
    assert "sandbox" in page.headers["content-security-policy"]
    assert client.files_info(file=file["id"])["file"]["id"] == file["id"]


def test_a_file_that_was_not_uploaded_or_has_no_place_is_refused(client: WebClient, people: People) -> None:
    announced = client.files_getUploadURLExternal(filename="out.txt", length=3)
    files = [{"id": announced["file_id"], "title": "Output"}]
    with pytest.raises(SlackApiError, match="file_not_found"):
        client.files_completeUploadExternal(files=files, channel_id=GENERAL)
    assert httpx2.post(announced["upload_url"], content=b"one").text == "OK - 3"
    assert httpx2.post(announced["upload_url"], content=b"two").status_code == 404
    with pytest.raises(SlackApiError, match="invalid_channel"):
        client.files_completeUploadExternal(files=files, channel_id="C0NOWHERE")
    assert people.messages() == []
    client.files_completeUploadExternal(files=files, channel_id=GENERAL)
    assert people.messages()[0]["files"][0]["preview"] == "one"


def test_a_deleted_file_leaves_its_message(client: WebClient, people: People) -> None:
    client.files_upload_v2(channel=GENERAL, filename="out.txt", content="x", initial_comment="See")
    [message] = people.messages()
    client.files_delete(file=message["files"][0]["id"])
    [message] = people.messages()
    assert message["text"] == "See"
    assert "files" not in message


def test_the_upload_may_be_a_form() -> None:
    lines = [
        b"--edge",
        b'Content-Disposition: form-data; name="filename"; filename="a.bin"',
        b"Content-Type: application/octet-stream",
        b"",
        b"\x00\xff\r\n1",
        b"--edge--",
        b"",
    ]
    assert first_part("multipart/form-data; boundary=edge", b"\r\n".join(lines)) == b"\x00\xff\r\n1"


def test_a_page_elsewhere_gets_no_file(slack: RunningSandbox, client: WebClient, people: People) -> None:
    client.files_upload_v2(channel=GENERAL, filename="out.html", content="<script>1</script>")
    [message] = people.messages(user=ALICE)
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}
    answer = httpx2.get(message["files"][0]["url_private"], headers=elsewhere)
    assert answer.status_code == 403
