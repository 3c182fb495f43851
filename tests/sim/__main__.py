"""`python -m tests.sim`: see `make sim` and `make planted`."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Final

from .compare import Finding, compare
from .every_point import Point, points, tell_with
from .hunt import hunt
from .play import play
from .report import Totals, script
from .story import Story, draw_story
from .story_lives import has_lives, with_lives
from .venues import VENUES

PORTION: Final = 20
"""Seeds that a process plays at a time."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many stories, shared out among the venues")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="tell this one story, line by line")
    parser.add_argument("--venue", choices=[*VENUES, "all"], default="all")
    parser.add_argument("--scenes", nargs="*", default=(), help="stories of these scenes alone")
    parser.add_argument(
        "--lives", choices=("some", "all", "none"), default="some", help="stories whose clients keep journals and die"
    )
    parser.add_argument("--calm", action="store_true", help="nothing goes wrong")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes that share the seeds")
    parser.add_argument("--points", action="store_true", help="one session, killed at each of its points in turn")
    parser.add_argument("--hash", action="store_true", help="print what identifies all that happened")
    parser.add_argument("--planted", nargs="?", const="", help="catch each planted bug, or the one of this name")
    asked = parser.parse_args()
    logging.getLogger("trio_orders").propagate = False
    if asked.planted is not None:
        return hunt(asked.planted, asked.jobs)
    if asked.points:
        return _break_off(asked)
    if asked.seed is not None:
        return _tell_one(asked)
    return _run(asked)


def _break_off(asked: argparse.Namespace) -> int:
    """One session of each venue, killed at every point of it."""
    venues = list(VENUES) if asked.venue == "all" else [asked.venue]
    all_points = [point for venue in venues for point in points(venue)]
    wrong = 0
    with ProcessPoolExecutor(asked.jobs, initializer=_settle_down) as pool:
        for point, findings in zip(all_points, pool.map(_findings_at, all_points, chunksize=PORTION), strict=True):
            wrong += len(findings)
            for finding in findings:
                print(f"{point}: {finding.kind}: {finding.reason}: {finding.detail}")
    print(f"points {len(all_points)}, wrong {wrong}")
    return 1 if wrong else 0


def _findings_at(point: Point) -> list[Finding]:
    findings: list[Finding] = tell_with(point).findings
    return findings


def _tell_one(asked: argparse.Namespace) -> int:
    played = play(_story(asked.seed, asked), compare)
    print(*script(played), sep="\n")
    return 1 if played.findings else 0


def _story(seed: int, asked: argparse.Namespace) -> Story:
    """Where all venues are asked for, a seed belongs to one of them."""
    venues = list(VENUES) if asked.venue == "all" else [asked.venue]
    venue = venues[seed % len(venues)]
    story = draw_story(venue, seed, calm=asked.calm, only=asked.scenes)
    some = asked.lives == "some" and not asked.calm and has_lives(venue, seed)
    return with_lives(story) if some or asked.lives == "all" else story


def _run(asked: argparse.Namespace) -> int:
    totals, began = Totals(), time.perf_counter()
    for portion in _portions(asked):
        totals.add_up(portion)
    took = time.perf_counter() - began
    print(f"{asked.seeds / took * 60:.0f} seeds a minute, in {asked.jobs} processes")
    if asked.hash:
        print("trace", totals.trace)
    print(*totals.lines(), sep="\n")
    return 0 if totals.is_clean else 1


def _portions(asked: argparse.Namespace) -> Iterator[Totals]:
    """What came of the seeds, in their order, however many processes play them."""
    whole = range(asked.first, asked.first + asked.seeds)
    portions = [whole[begin : begin + PORTION] for begin in range(0, len(whole), PORTION)]
    if asked.jobs == 1:
        _settle_down()
        yield from (_play_all(portion, asked) for portion in portions)
    else:
        with ProcessPoolExecutor(asked.jobs, initializer=_settle_down) as pool:
            yield from pool.map(partial(_play_all, asked=asked), portions)


def _settle_down() -> None:
    logging.getLogger("trio_orders").propagate = False
    gc.freeze()
    gc.set_threshold(100_000)  # the garbage of a story is small, and looking for it costs a tenth of the time


def _play_all(seeds: range, asked: argparse.Namespace) -> Totals:
    totals = Totals()
    for seed in seeds:
        story = _story(seed, asked)
        try:
            totals.add(play(story, compare))
        except Exception as problem:  # noqa: BLE001  # whatever it is, it is a finding
            print(f"{story.venue}, seed {seed}:", *traceback.format_exception(problem), file=sys.stderr)
            totals.add_failed(story, problem)
    return totals


if __name__ == "__main__":
    sys.exit(main())
