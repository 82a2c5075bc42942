"""The demo's channel as text."""

import pytest

from cli.demo.transcript import readable, transcript


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("until <!date^1764323100^{time}|09:45 UTC>.", "until 09:45 UTC."),
        ("<!date^1764323100^{date_short_pretty} {time}^https://x.example/|09:45 UTC>", "09:45 UTC"),
        ("<!date^1764323100^{time}>", "2025-11-28 09:45 UTC"),
        ("<!date^99999999999999999999^{time}>", "<!date^99999999999999999999^{time}>"),
        (
            "<@U0ALICE> approved, <@U0NOBODY> and <@U1|ann> watched",
            "@Alice Ng approved, @U0NOBODY and @ann watched",
        ),
        ("<@U0RUNBOOK> has joined", "@Runbook has joined"),
        ("in <#C0INCIDENTS> and <#C1|ops> and <#C2>", "in #incidents and #ops and #C2"),
        ("<!here> <!channel|@channel> <!subteam^S1|@dba> <!subteam^S2>", "@here @channel @dba @S2"),
        (
            "<https://r.example/runs/1|The run> <https://r.example/>",
            "The run (https://r.example/runs/1) https://r.example/",
        ),
        ("<mailto:a@x.example|a@x.example>", "a@x.example (mailto:a@x.example)"),
        ("a &lt;b&gt; &amp;lt; &quot;", "a <b> &lt; &quot;"),
        ("&lt;!date^1^{time}|never&gt;", "<!date^1^{time}|never>"),
        ("1 < 2 and 3 > 2, `<not closed", "1 < 2 and 3 > 2, `<not closed"),
        ("*bold* `code` _so_", "*bold* `code` _so_"),
    ],
)
def test_markup_is_shown_as_people_read_it(markup: str, shown: str) -> None:
    assert readable(markup) == shown


def test_no_message_has_markup_of_slack_in_it() -> None:
    message = {
        "user": "U0BOT",
        "ts": "1764323100.000100",
        "text": "<@U0BOB> asks &amp; waits\nuntil <!date^1764323100^{time}|09:45 UTC>",
    }
    assert transcript([message]) == (
        "09:45:00 Runbook: @Bob Silva asks & waits\n09:45:00 Runbook: until 09:45 UTC"
    )
