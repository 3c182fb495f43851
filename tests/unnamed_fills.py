"""Executions that name an order by the venue's id alone, made short, and what became of them."""

from __future__ import annotations

from typing import Any

from protocol import events, facts, requests
from protocol.structs import evolve
from protocol.venue import SECOND, VenueRules

from .guarding import NOBODYS
from .order_life import WALL, Rig, trade, traded

RULES = VenueRules(venue="TEST", fills_lag=SECOND, unnamed_events=True)


def new_rig(**changes: Any) -> Rig:
    return Rig(rules=evolve(RULES, **changes))


def executed(rig: Rig, oid: str, tid: str, size: int = 4, *, final: bool = False, **changes: Any) -> Any:
    """An execution of just now by a message that leaves the client id out. changes: to the execution."""
    fact = traded(oid, tid, size, size, final=final)
    return evolve(fact, trade=evolve(fact.trade, **({"time": WALL + rig.time} | changes)))


def listed(rig: Rig, oid: str, tid: str, size: int = 4, **changes: Any) -> facts.Trade:
    return evolve(trade(oid, tid, size), **({"time": WALL + rig.time} | changes))


def history(*trades: facts.Trade) -> facts.FillsListed:
    return facts.FillsListed(request_id=NOBODYS, trades=trades, cursor=None)


def told(rig: Rig) -> list[tuple[str, str]]:
    """What became of the executions: how each was told, and which it is."""
    kinds = (events.Filled, events.FillReport)
    return [(type(event).__name__, event.trade_id) for event in rig.events() if isinstance(event, kinds)]


def lookups(rig: Rig) -> list[requests.QueryOrder]:
    return [sent for sent in rig.sent() if isinstance(sent, requests.QueryOrder)]


def waiting(**changes: Any) -> Rig:
    """An order of 10 at 100.0 was sent and not answered, and an execution may be its own."""
    rig = new_rig(**changes)
    rig.place("a7")
    rig.sends.clear()
    assert rig.hear(executed(rig, "o1", "t1")) == []
    return rig
