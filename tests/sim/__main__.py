"""`python -m tests.sim`: see `make sim`."""

from __future__ import annotations

import argparse
import gc
import logging
import sys
import time

from .compare import compare
from .play import play
from .report import Totals, script, trace_hash
from .story import Story, draw_story
from .venues import VENUES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many stories, shared out among the venues")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="tell this one story, line by line")
    parser.add_argument("--venue", choices=[*VENUES, "all"], default="all")
    parser.add_argument("--scenes", nargs="*", default=(), help="stories of these scenes alone")
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong")
    parser.add_argument("--hash", action="store_true", help="print what identifies all that happened")
    asked = parser.parse_args()
    logging.getLogger("trio_orders").propagate = False
    venues = list(VENUES) if asked.venue == "all" else [asked.venue]
    if asked.seed is not None:
        return _tell_one(venues, asked)
    return _run(venues, asked)


def _tell_one(venues: list[str], asked: argparse.Namespace) -> int:
    played = play(_story(venues, asked.seed, asked), compare)
    print(*script(played), sep="\n")
    return 1 if played.findings else 0


def _story(venues: list[str], seed: int, asked: argparse.Namespace) -> Story:
    """Where all venues are asked for, a seed belongs to one of them."""
    return draw_story(venues[seed % len(venues)], seed, calm=asked.calm, only=asked.scenes)


def _run(venues: list[str], asked: argparse.Namespace) -> int:
    totals, stories, began = Totals(), [], time.perf_counter()
    gc.freeze()
    gc.set_threshold(100_000)  # the garbage of a story is small, and looking for it costs a tenth of the time
    for seed in range(asked.first, asked.first + asked.seeds):
        story = _story(venues, seed, asked)
        try:
            played = play(story, compare)
        except Exception:
            print(f"{story.venue}, seed {seed}: the story itself failed", file=sys.stderr)
            raise
        totals.add(played)
        if asked.hash:
            stories.append(played)
    took = time.perf_counter() - began
    print(f"{asked.seeds / took * 60:.0f} seeds a minute")
    if asked.hash:
        print("trace", trace_hash(stories))
    print(*totals.lines(), sep="\n")
    return 0 if totals.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
