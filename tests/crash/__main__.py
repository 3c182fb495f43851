"""`python -m tests.crash`: see `make crash`."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Final

import trio

from ..sim.venues import VENUES
from .campaign import Campaign
from .verdict import Tally

ROUNDS_EACH: Final = 10
"""Of a campaign."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=24, help="how often a trading program is killed, in all")
    parser.add_argument("--venue", choices=[*VENUES, "all"], default="all")
    parser.add_argument("--first", type=int, default=0, help="the first campaign's seed")
    parser.add_argument("--jobs", type=int, default=2, help="campaigns at a time")
    asked = parser.parse_args()
    began = time.perf_counter()
    tally = trio.run(run_all, campaigns(asked.rounds, asked.venue, asked.first), asked.jobs)
    print(*tally.lines, sep="\n", end="\n" if tally.lines else "")
    print(f"{time.perf_counter() - began:.0f} s")
    print(tally.last_line())
    return 1 if tally.kinds else 0


def campaigns(rounds: int, venue: str, first: int) -> list[Campaign]:
    """Of up to `ROUNDS_EACH` rounds each; all venues, both durabilities, consumers inside and outside in turn."""
    venues = list(VENUES) if venue == "all" else [venue]
    count = max(1, -(-rounds // ROUNDS_EACH), min(len(venues), rounds))
    shares = [rounds // count + (number < rounds % count) for number in range(count)]
    return [
        Campaign(venues[number % len(venues)], first + number // len(venues) + number % len(venues), share)
        for number, share in enumerate(shares)
    ]


async def run_all(wanted: list[Campaign], jobs: int) -> Tally:
    tally, room = Tally(), trio.CapacityLimiter(jobs)

    async def run(campaign: Campaign) -> None:
        async with room:
            tally.add_up(await campaign.run())

    async with trio.open_nursery() as nursery:
        for campaign in wanted:
            nursery.start_soon(run, campaign)
    return tally


if __name__ == "__main__":
    sys.exit(main())
