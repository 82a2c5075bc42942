"""What the table of docs/explain.md shows of a plan, and that the page has a row for every read."""

import random
from pathlib import Path

import pytest

from bench.plans import Plan, Scan
from bench.reads import polls, reads

PAGE = Path("docs/explain.md").read_text(encoding="utf-8")
PLAN = """\
Limit  (cost=0.43..9.00 rows=51 width=8) (actual time=0.010..0.210 rows=51.00 loops=1)
  Buffers: shared hit=300 read=12 dirtied=1
  ->  Nested Loop  (cost=0.43..90.00 rows=51 width=8) (actual time=0.009..0.200 rows=51.00 loops=1)
        Buffers: shared hit=300 read=12
        ->  Index Scan Backward using ix_runs_created_at on runs  (cost=0..1 rows=9 width=8) (actual rows=51.00 loops=1)
              Index Cond: (team_id = 'tea_1'::text)
              Buffers: shared hit=5
        ->  Bitmap Heap Scan on steps  (cost=0.43..8.00 rows=4 width=8) (actual time=0.002..0.003 rows=4.00 loops=51)
              Buffers: shared hit=294 read=12
              ->  Bitmap Index Scan on pk_steps  (cost=0.00..4.43 rows=4 width=0) (actual rows=4.00 loops=51)
                    Buffers: shared hit=200
        ->  Seq Scan on teams  (cost=0.00..1.20 rows=20 width=28) (actual time=0.001..0.002 rows=20.00 loops=1)
              Buffers: shared hit=1
        ->  Index Only Scan using ix_never on gates  (cost=0.00..1.20 rows=20 width=28) (never executed)
Planning:
  Buffers: shared hit=44
Planning Time: 0.760 ms
Execution Time: 0.215 ms"""


def test_a_plan_is_summarized() -> None:
    plan = Plan("SELECT 1", PLAN, 3)
    assert (plan.rows, plan.buffers, plan.milliseconds) == (51, 312, 0.215)


def test_scans_are_those_that_were_executed_the_busiest_first() -> None:
    assert Plan("SELECT 1", PLAN, 3).scans == [
        Scan("pk_steps", 200),
        Scan("ix_runs_created_at", 5),
        Scan("seq scan of teams", 1),
    ]
    assert Plan("SELECT 1", PLAN, 3).summary == "pk_steps, ix_runs_created_at, seq scan of teams"


def test_a_plan_without_tables() -> None:
    result = "Result  (cost=0.00..0.01 rows=1 width=4) (actual time=0.001..0.001 rows=1.00 loops=1)"
    plan = Plan("SELECT 1", f"{result}\nExecution Time: 0.010 ms", 1)
    assert (plan.rows, plan.buffers, plan.summary) == (1, 0, "no table")


def test_what_was_not_executed_has_no_figures() -> None:
    plan = Plan("SELECT 1", "Result  (cost=0.00..0.01 rows=1 width=4)", 1)
    with pytest.raises(ValueError, match="not the plan of an executed statement"):
        _ = plan.rows
    with pytest.raises(ValueError, match="not the plan of an executed statement"):
        _ = plan.milliseconds


def test_the_raw_plan_is_kept_with_its_statement() -> None:
    raw = Plan("SELECT 1", PLAN, 3).markdown("Runs")
    assert raw.startswith("# Runs\n\nThe longest of 3 statements.\n\n```sql\nSELECT 1\n```\n")
    assert PLAN in raw


def test_the_page_has_a_row_for_every_read() -> None:
    rows = [line.split(" | ")[0].removeprefix("| ") for line in PAGE.splitlines() if line.startswith("| ")]
    measured = [each.what for each in (*reads(1_000_000, random.Random(7)), *polls())]
    first = rows.index(measured[0])
    assert rows[first : first + len(measured)] == measured
    assert len(PAGE.splitlines()) < 100, "raw plans do not belong on the page"
