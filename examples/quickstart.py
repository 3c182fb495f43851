"""The story of a trading session, offline, at a simulated venue of your choice.

    python examples/quickstart.py [ax | kraken-futures | kraken-spot]

Shows a live table of orders in a terminal, plain lines elsewhere. Takes a few seconds.
"""

from __future__ import annotations

import sys

import ax
import kraken_futures
import kraken_spot
import trio
from tell import tell

STORIES = {"ax": ax.trade, "kraken-futures": kraken_futures.trade, "kraken-spot": kraken_spot.trade}


async def main(name: str) -> None:
    story = STORIES.get(name)
    if story is None:
        raise SystemExit(f"There is no venue {name!r} to demonstrate; try one of {', '.join(STORIES)}.")
    await tell(name, story)


if __name__ == "__main__":
    trio.run(main, sys.argv[1] if len(sys.argv) > 1 else "ax")
