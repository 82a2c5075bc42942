"""What a request asks for, as a person reads it."""

from bot.cards.changes import request_text


def test_a_call_says_as_whom_it_is_made() -> None:
    auth = {"type": "basic", "username": "ops", "password": "{{ secrets.KEY }}"}
    text = request_text({"method": "GET", "url": "https://x/", "headers": {"X-A": "b"}, "auth": auth})

    assert text == (
        'GET https://x/\nX-A: b\nauth: {"type": "basic", "username": "ops", "password": "{{ secrets.KEY }}"}'
    )
