"""What the tests of questions to the venue share: how they are asked, and answered."""

from __future__ import annotations

from typing import Any

from protocol import commands, facts
from protocol.structs import evolve
from protocol.values import RequestId
from protocol.venue import SECOND, VenueRules

from .guarding import asked
from .order_life import Rig


def list_of_open(rig: Rig, *shown: facts.OrderView) -> list[str]:
    """The user reads what is open; gives the names of the events that follow from it."""
    rig.ask(commands.OpenOrders())
    return rig.hear(facts.RequestAnswered(request_id=RequestId(rig.numbers), orders=shown))


PAGES = VenueRules(venue="TEST", reads_history=True, audit_period=60 * SECOND, query_delays=(SECOND,))


def next_page(rig: Rig, kind: type) -> Any:
    """Lets time pass until a page of this kind is asked for, a minute at most."""
    for _ in range(120):
        pages = asked(rig, kind)
        if pages:
            return pages[0]
        rig.wait(0.5)
    raise AssertionError("no page was asked for")


CHAINS = VenueRules(
    venue="TEST", reads_history=True, chain_history=True, audit_period=60 * SECOND, query_delays=(SECOND,)
)


def dated(fact: Any, time: int) -> Any:
    """The same news or execution, of another time."""
    return evolve(fact, time=time)
