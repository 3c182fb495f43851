"""What a story is played with: the venue, the network, the clients and all that they hear, in one place."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import trio
from attrs import define, field, frozen

from actors import Client, OrderState, SimulatedVenue, events
from protocol.dispatch import DispatchState
from protocol.values import Side

from . import steps
from .books import Books, Placed
from .determinism import wall_clock
from .lives import DiskTime, Memory
from .mishaps import Mishaps
from .network import Network
from .story import Story
from .venues import VenueSide

__all__ = ["WELL", "Asked", "Stage", "Submission", "Sweep", "Trader", "placed_of"]

WELL: Final = "everything is well from now on"


@frozen(kw_only=True)
class Submission:
    """An order that a client sent, or took over (venue_order_id is known then). time: ns since 1970; switchless: no
    dead man's switch may be set when it comes to the venue, for its life has none."""

    name: str
    wire_id: object
    side: Side
    quantity: Decimal | None
    price: Decimal | None
    time: int
    venue_order_id: str | None = None
    switchless: bool = False


@frozen(kw_only=True)
class Asked:
    """A cancel or a change that a client asked for. price: the new one of a change."""

    number: int
    name: str
    is_cancel: bool
    price: Decimal | None = None


@frozen(kw_only=True)
class Sweep:
    """A cancel of all orders that was confirmed. count: as the venue told; canceled: how many there really were;
    left: venue order ids of those that were open before and still were a while behind the answer; since: when it was
    asked for, ns since 1970."""

    count: int | None
    canceled: int
    left: frozenset[str]
    since: int


@define(eq=False)
class Trader:
    """One client in one life, and all that it heard; with a journal, in all its lives. began, ended: ns since 1970;
    ended None: it lives.

    memory: what outlives its process, None: nothing does; unanswered: its orders of which it had no answer when it was
    killed.
    states: its orders as it shows them; handles: the names of those that it counts as live, None: it was not asked;
    open_there: the venue's list as the client read it; sizes: of what it keeps, by name, beyond what it began with;
    left_open: when it was closed in peace, the venue order ids of its orders that were open there; was_well: nothing
    went wrong then; asked: its cancels and changes; misfits: changes that left another quantity than they asked for.
    """

    number: int
    life: int
    memory: Memory | None = None
    began: int = 0
    ended: int | None = None
    client: Client | None = None
    state: DispatchState | None = None
    at_first: Counter[str] = field(factory=Counter)
    heard: list[tuple[float, events.Event]] = field(factory=list)
    sent: dict[int, Submission] = field(factory=dict)
    taken_over: list[Submission] = field(factory=list)
    changed: set[int] = field(factory=set)  # its orders that it asked to change
    unanswered: set[int] = field(factory=set)
    states: dict[str, OrderState | None] = field(factory=dict)
    handles: dict[str, OrderState] | None = None
    open_there: frozenset[str] | None = None
    sizes: Counter[str] = field(factory=Counter)
    left_open: frozenset[str] | None = None
    was_well: bool = False
    asked: list[Asked] = field(factory=list)
    sweeps: list[Sweep] = field(factory=list)
    misfits: list[str] = field(factory=list)
    gap_told: trio.Event = field(factory=trio.Event)
    is_open: trio.Event = field(factory=trio.Event)
    is_over: trio.Event = field(factory=trio.Event)

    @property
    def name(self) -> str:
        return "AB"[self.number] + ("" if self.life == 1 or self.memory is not None else str(self.life))

    def vanishes(self, now: int) -> None:
        """It ends without a word: what was asked for and not done, the next life does not do, and does not tell."""
        self.ended = self.ended or now
        if self.memory is not None:
            self.memory.deaths.append(now)
        self.asked.clear()
        self.sweeps.clear()

    @property
    def submissions(self) -> list[Submission]:
        """Its orders. Of those that nobody answered, those of which its journal has the intent; after a loss of power,
        all of which it has one."""
        sent = self.sent
        if self.memory is not None and (self.unanswered or self.memory.has_lost):
            intended = {event.client_order_id for _, event in self.heard if isinstance(event, events.Submitted)}
            asked = self.sent if self.memory.has_lost else self.unanswered
            sent = {order: sub for order, sub in sent.items() if order not in asked or sub.name in intended}
        if self.memory is None or not self.memory.has_lost:
            return [*sent.values(), *self.taken_over]
        # What was taken over and is lost with the power was never heard of. It may be forgotten that was: it has ended.
        told = {event.client_order_id for _, event in self.heard if isinstance(event, events.Accepted)}
        return [*sent.values(), *(taken for taken in self.taken_over if taken.name in told)]

    def lives(self) -> list[list[tuple[float, events.Event]]]:
        """What it heard, apart by the lives that wrote it."""
        if self.memory is None:
            return [self.heard]
        begins = [*self.memory.first_sequences, len(self.heard) + 1]
        return [self.heard[begin - 1 : end - 1] for begin, end in pairwise(begins)]


@define(eq=False, kw_only=True)
class Stage:
    """others: orders of other sessions, by their numbers in the story; log: virtual second, who, what; names: by wire
    id; lives: of each client so far; time: how disks let it pass."""

    story: Story
    side: VenueSide
    venue: SimulatedVenue
    network: Network
    mishaps: Mishaps
    books: Books
    nursery: trio.Nursery
    time: DiskTime
    traders: list[Trader] = field(factory=list, init=False)
    others: dict[int, Placed] = field(factory=dict, init=False)
    log: list[tuple[float, str, object]] = field(factory=list, init=False)
    names: dict[object, str] = field(factory=dict, init=False)
    lives: Counter[int] = field(factory=Counter, init=False)
    is_well: bool = field(default=False, init=False)

    @property
    def happened(self) -> Counter[str]:
        return self.network.happened

    def say(self, who: str, what: object) -> None:
        self.log.append((trio.current_time(), who, what))

    def living(self) -> list[Trader]:
        return [trader for trader in self.traders if trader.ended is None and trader.client is not None]

    def trader(self, number: int) -> Trader | None:
        living = [trader for trader in self.living() if trader.number == number]
        return living[-1] if living else None

    def placed(self, order: int) -> Placed | None:
        """As it is in the books, if it is."""
        self.books.note(wall_clock())
        if order in self.others:
            return self.others[order]
        for trader in reversed(self.traders):
            if order in trader.sent:
                return placed_of(trader.sent[order], self.books)
        return None

    def nearer(self, placed: Placed, by: int) -> Decimal | None:
        """A price so many steps nearer to the market than the order's present one."""
        view = self.books.view(placed)
        if view.price is None:
            return None
        return view.price + (by if view.side is Side.BUY else -by) * self.side.market.step

    def get_well(self) -> None:
        """Nothing goes wrong from now on."""
        self.say("venue", WELL)
        self.mishaps.is_over = True
        self.network.slowness.chance = 0.0
        self.network.heal()
        self.is_well = True


Doing = dict[type[steps.Step], Any]
"""Who does which step."""


def placed_of(sent: Submission, books: Books) -> Placed | None:
    """The order in the books that a submission became: the one with its name and its quantity, which no other has."""
    if sent.venue_order_id is not None:
        return books.by_id.get(sent.venue_order_id)
    for placed in reversed(books.orders):
        if placed.wire_id == sent.wire_id and placed.quantity == sent.quantity and not placed.by_other:
            return placed
    return None
