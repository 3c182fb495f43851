"""What a test of a strategy needs: simulated venues, faults on demand, and time that costs nothing.

    async def test_the_strategy_buys_once() -> None:
        async with open_simulated_venue("ax", transport="memory", quotes=False) as venue:
            async with open_client(venue.config()) as client:
                await strategy(client)

    run_in_virtual_time(test_the_strategy_buys_once)

In virtual time nothing is waited for: when every task sleeps, the clock jumps to the moment when the first one wakes.
The simulated venue has to be reached through memory then; over TCP the clock would jump while bytes are under way.
With pytest-trio the fixture `autojump_clock` does the same. The wall clock of clients and venues moves along; it begins
at the present time, or where `wall_clock_from` says.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar, TypeVarTuple

import trio
from trio.testing import MockClock

from actors.plumbing.clock import NANOSECONDS
from actors.serving.simulated_venue import SimulatedVenue, open_simulated_venue
from actors.venues import VENUES, venue_row
from protocol.simulation.exchange import Exchange, ExchangeInput
from protocol.simulation.faults import Fault, FaultKind, FaultSchedule
from protocol.simulation.input_log import encode_input, replay
from protocol.simulation.ledger import Execution
from protocol.values import Instant

__all__ = [
    "VENUES",
    "Exchange",
    "ExchangeInput",
    "Execution",
    "Fault",
    "FaultKind",
    "FaultSchedule",
    "Instant",
    "SimulatedVenue",
    "encode_input",
    "open_simulated_venue",
    "replay",
    "run_in_virtual_time",
    "venue_row",
    "wall_clock_from",
]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


def wall_clock_from(beginning: datetime) -> Callable[[], int]:
    """A wall clock that shows `beginning` when Trio's clock shows zero, as a `MockClock` does first, and moves with it.

    For the argument `wall_clock` of `open_simulated_venue` and of a client's configuration; give both the same, as
    venues refuse requests that look old. It gives ns since 1970. Raises ValueError for a time without a time zone.
    """
    if beginning.tzinfo is None:
        raise ValueError(f"{beginning} has no time zone; a wall clock needs one, such as datetime.timezone.utc.")
    start = (beginning - EPOCH) // timedelta(microseconds=1) * 1000

    def wall_clock() -> int:
        return start + int(trio.current_time() * NANOSECONDS)

    return wall_clock


def run_in_virtual_time(
    program: Callable[[*Arguments], Awaitable[Result]], *arguments: *Arguments, seconds: float = 86_400
) -> Result:
    """Runs an async function as `trio.run` does, in virtual time.

    seconds: of virtual time that it may take. A simulated venue never falls silent, so a program that waits for what
    does not come would run for ever. Raises `trio.TooSlowError` then, and else what the program raises.
    """

    async def within_the_time() -> Result:
        with trio.fail_after(seconds):
            return await program(*arguments)

    return trio.run(within_the_time, clock=MockClock(autojump_threshold=0))
