"""`python -m tests.blocks --examples 10000`: make so many messages and views, and print what is wrong with them."""

import argparse
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.blocks.checking import problems
from tests.blocks.makers import MAKERS, Maker

HEALTH = list(HealthCheck)
MOST_PRINTED = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.blocks", description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000, help="of all makers together")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same examples")
    options = parser.parse_args()
    each = -(-options.examples // len(MAKERS))
    began, found = time.monotonic(), Counter[str]()
    for maker in MAKERS:
        found.update(try_maker(maker, each, options.seed))
        print(f"{time.monotonic() - began:6.0f} s  {maker.name}: {each} examples", flush=True)
    for problem, times in found.most_common(MOST_PRINTED):
        print(f"{times:6} ×  {problem}")
    print(f"{each * len(MAKERS):,} examples, {len(found)} problems")
    return int(bool(found))


def try_maker(maker: Maker, examples: int, number: int) -> Counter[str]:
    """Return how often each problem occurred; an exception of the maker is one, too."""
    found: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=HEALTH,
    )
    @given(maker.values)
    def once(values: tuple[object, ...]) -> None:
        try:
            shown = maker.make(*values)
            wrong = problems(shown) if shown is not None else []
        except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
            wrong = [f"{type(error).__name__}: {error}"]
        found.update(f"{maker.name}: {problem[:200]}" for problem in wrong)

    once()
    return found


if __name__ == "__main__":
    sys.exit(main())
