"""Which release did what, as logs say."""

from pathlib import Path

from chaos.releases.working import LAST, OURS, Deed, Tenure, read_deeds, shared

CLAIMED = (
    "2026-01-01T00:00:{second}.000000Z [info     ] claimed execution={id} kind=runbook worker=vm.{pid}\n"
)
ANSWERED = "2026-01-01T00:00:{second}.000000Z [info     ] request method=POST path={path} status=200\n"
BEGUN = 1767225600.0  # 2026-01-01


def test_a_process_is_of_the_last_release_until_it_is_replaced(tmp_path: Path) -> None:
    lines = [CLAIMED.format(second=second, id="rbx_1", pid=7) for second in ("01", "03", "05")]
    (tmp_path / "worker-1.log").write_text("".join(lines))
    (tmp_path / "worker-2.log").write_text(CLAIMED.format(second="04", id="rbx_2", pid=8))
    tenures = [Tenure("worker-1", OURS, BEGUN + 2), Tenure("worker-1", LAST, BEGUN + 4)]
    assert read_deeds(tmp_path, tenures) == [
        Deed(BEGUN + 1, LAST, "worker", "rbx_1"),
        Deed(BEGUN + 3, OURS, "worker", "rbx_1"),
        Deed(BEGUN + 4, LAST, "worker", "rbx_2"),
        Deed(BEGUN + 5, LAST, "worker", "rbx_1"),
    ]


def test_answers_of_web_are_those_to_people_and_programs_not_to_probes(tmp_path: Path) -> None:
    paths = ("/slack/events", "/api/runs", "/readyz")
    (tmp_path / "web-1.log").write_text("".join(ANSWERED.format(second="01", path=path) for path in paths))
    assert [deed.what for deed in read_deeds(tmp_path, [])] == ["/slack/events", "/api/runs"]


def test_what_both_worked_on_is_what_workers_of_both_claimed() -> None:
    deeds = [
        Deed(1, LAST, "worker", "rbx_1"),
        Deed(2, OURS, "worker", "rbx_1"),
        Deed(3, OURS, "worker", "rbx_2"),
        Deed(4, LAST, "web", "/api/runs"),
        Deed(5, OURS, "web", "/api/runs"),
    ]
    assert shared(deeds) == {"rbx_1"}
