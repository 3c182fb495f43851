"""Reading the venue's list of instruments before the first connection."""

from __future__ import annotations

import trio

from protocol import commands
from protocol.errors import ConnectFailed, WireError
from protocol.values import Instrument
from protocol.venue import Venue

from .config import ClientConfig
from .net.http_seam import HttpClient, HttpFailed
from .plumbing.channels import Ask, ask_locally
from .plumbing.clock import Clock
from .plumbing.patience import Ending, ending_of, pause_after

__all__ = ["cache_instruments"]


async def cache_instruments(
    venue: Venue, http: HttpClient, config: ClientConfig, asks: trio.MemorySendChannel[Ask], clock: Clock
) -> None:
    """Makes the venue's instruments, and those of the configuration, known to the command handler. Raises
    ConnectFailed."""
    if config.load_instruments:
        await ask_locally(asks, commands.InitializeInstruments(await _load(venue, http, config, clock)))
    if config.instruments:
        await ask_locally(asks, commands.InitializeInstruments(config.instruments))


async def _load(venue: Venue, http: HttpClient, config: ClientConfig, clock: Clock) -> tuple[Instrument, ...]:
    """The venue's own list, with the patience of a first connect."""
    failures = 0
    while True:
        try:
            answer = await http.call(venue.instruments_call(), None)
            ending = ending_of("", answer.status, answer.headers, clock.now())
            return venue.read_instruments(answer)
        except (HttpFailed, WireError) as failure:
            failures += 1
            if isinstance(failure, HttpFailed):
                ending = Ending("")
            if failures == config.first_connect.attempts:
                raise ConnectFailed(
                    f"The instruments of {venue.rules.venue} could not be read from {venue.rest_url} in {failures} "
                    f"attempts; the last one failed: {failure}",
                    venue=venue.rules.venue,
                    url=venue.rest_url,
                    attempts=failures,
                ) from None
        await trio.sleep(pause_after(ending, config.first_connect, failures, config.draw()))
