"""Texts that people could bring in, to ping, link, format, reorder, hide, or break a limit."""

from typing import Any

from hypothesis import strategies as st

from core.decisions.states import without_mentions

PLANTED = "UPLANTED"
"""The id in every mention that somebody planted. Our own mentions have other ids."""

HOSTILE = (
    f"<@{PLANTED}>",
    f"<@{PLANTED}|ann>",
    "<!channel>",
    "<!here|here>",
    "<!subteam^SPLANTED>",
    "@channel",
    "@everyone",
    "<#CPLANTED>",
    "<https://planted.example|the run's page>",
    "<mailto:planted@planted.example|ann>",
    "https://planted.example/x",
    "<!date^0^{date}|then>",
    "&lt;@UPLANTED&gt;",
    "&amp;lt;!channel&amp;gt;",
    "*bold*",
    "_italic_",
    "~struck~",
    "`code`",
    "```",
    "> quoted",
    "• item",
    ":white_check_mark:",
    "|",
    "<",
    ">",
    "&",
    "\n",
    "\r\n",
    "\t",
    "\x07",
    "\x1b[31m",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u2028",
    "\ufeff",
    "مرحبا",
    "שלום",
    "é",
    "👩‍🚒",
    "𝕏",
    "",
    " ",
)
LETTERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
SHORT = st.lists(st.sampled_from(HOSTILE) | LETTERS, max_size=4).map("".join)
HUGE = st.tuples(SHORT, st.sampled_from([40, 900])).map(lambda pair: (pair[0] * pair[1])[:9_000])
TEXT = SHORT | SHORT | SHORT | HUGE
ERRORS = st.tuples(
    TEXT.map(without_mentions), st.sampled_from(["", " Ask <@U0DBADMIN>.", " See <#C0INC>."])
).map("".join)
"""Sentences of core, which may quote others, and may mention somebody themselves."""
FORMATTED = str.maketrans("*_~", "+=-")
AUTHORED = TEXT.map(lambda text: text.replace("PLANTED", "0AUTHOR").replace("```", "").translate(FORMATTED))
"""What the author of an approved definition wrote: mentions of people and channels and formatting work in it."""
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
VARIABLES = st.dictionaries(TEXT, TEXT, max_size=2)
CALLS = {"method": TEXT, "url": TEXT, "headers": VARIABLES, "body": TEXT}
COMMANDS = {"argv": st.lists(TEXT, min_size=1, max_size=3), "env": VARIABLES, "stdin": TEXT}
ENDED = {"exit_code": st.integers(0, 255), "stdout": TEXT, "stderr": TEXT, "ended_with_it": JSON}
OUTPUTS = st.one_of(
    st.none(),
    st.fixed_dictionaries({"status": st.integers(100, 599), "body": TEXT, "url": TEXT}),
    st.fixed_dictionaries(ENDED),
    st.fixed_dictionaries({"verdict": st.just("ran"), "by": st.just("U0DBOPS")}),
    VARIABLES,
    JSON,
)
REQUESTS = st.one_of(
    st.none(),
    st.fixed_dictionaries(CALLS),
    st.fixed_dictionaries(COMMANDS),
    st.fixed_dictionaries({"message": TEXT}),
    JSON,
)
