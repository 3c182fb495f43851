"""Draws a story from a seed: scenes, each a few steps about a few orders, under a drawn sky."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from actors import OnClose
from actors.journal import Durability
from protocol.simulation.faults import FaultKind
from protocol.values import OrderType, Side, TimeInForce

from . import steps
from .network import Slowness
from .venues import VENUES, VenueSide

__all__ = ["Keeping", "Story", "draw_story"]

DEPTH: Final = 400
"""Steps of price between the reference price and the first order of a story; later ones come closer."""
WEBSOCKETS: Final = ("sans-io", "sans-io", "sans-io", "trio-websocket")
FAULT_LAST: Final = 150


@frozen(kw_only=True)
class Keeping:
    """How the clients of a story keep their journals. snapshot_after: so many records; keep_records: as of `Journal`;
    switch: seconds of the dead man's switch in every other life, 0: none."""

    durability: Durability = "process"
    snapshot_after: int = 50_000
    keep_records: int | None = None
    switch: int = 0


@frozen(kw_only=True)
class Story:
    """settings: of the venue's brain; options: of its clients; faults: kinds of mishaps, each with `fault_chance`;
    journal: how the clients keep theirs, None: they have none."""

    venue: str
    seed: int
    settings: dict[str, Any]
    options: dict[str, Any]
    faults: tuple[FaultKind, ...]
    fault_chance: float
    slowness: Slowness
    script: tuple[steps.Step, ...]
    scenes: tuple[str, ...]
    journal: Keeping | None = None


@define
class Teller:
    """Writes the script of one story."""

    venue: VenueSide
    chance: random.Random
    script: list[steps.Step] = field(factory=list)
    orders: int = 0
    seed: int = 0
    clients: int = 1
    calm: bool = False
    more: random.Random = field(factory=random.Random)  # for what came later, so that older draws stay as they are

    def add(self, *more: steps.Step) -> None:
        self.script += more

    def pause(self, most: float = 2.0) -> float:
        return round(self.chance.random() * most, 3)

    def next_order(self) -> int:
        self.orders += 1
        return self.orders

    def name(self, order: int) -> str:
        """Short, or in the form of a UUID, which crosses every wire whole."""
        if self.chance.random() < 0.5:
            return f"s{self.seed % 100_000}-{order}"
        digits = f"{self.chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def quantity(self, order: int, usual: int) -> int:
        """No two orders of a story have the same, so that books and events can be matched."""
        return usual + order

    def price(self, order: int, side: Side) -> int:
        """Where it rests: every order nearer to the market than those before it."""
        away = DEPTH - 5 * order
        return -away if side is Side.BUY else away

    def submit(self, *, client: int = 0, name: str | None = None, size: int | None = None, **terms: Any) -> int:
        order = self.next_order()
        side = terms.pop("side", None) or self.chance.choice((Side.BUY, Side.SELL))
        self.add(self.new(order, client, side, name, size, after=self.pause(), **terms))
        return order

    def new(
        self, order: int, client: int, side: Side, name: str | None = None, size: int | None = None, **terms: Any
    ) -> steps.Submit:
        return steps.Submit(
            client=client,
            order=order,
            name=name or self.name(order),
            side=side,
            quantity=self.quantity(order, size or self.venue.market.size),
            price=terms.pop("price", self.price(order, side)),
            **terms,
        )

    def outage(self, *meanwhile: steps.Step, seconds: float, late: float | None = None) -> None:
        if self.calm:
            self.add(*meanwhile)
        else:
            self.add(steps.Cut(after=0.1, late=late), *meanwhile, steps.Heal(after=seconds))


# Scenes


def trading(told: Teller) -> None:
    """An order that fills by and by, is changed, or is canceled."""
    chance, order = told.chance, told.submit()
    for _ in range(chance.randint(1, 5)):
        kind = chance.choice(("trade", "trade", "change", "cancel", "more"))
        if kind == "trade":
            told.add(steps.Trade(order=order, percent=chance.choice((5, 30, 60, 100)), after=told.pause()))
        elif kind == "cancel":
            told.add(steps.Cancel(client=0, order=order, after=told.pause()))
        elif kind == "change":
            told.add(change(told, order))
        else:
            order = told.submit()


def change(told: Teller, order: int, client: int = 0) -> steps.Change:
    quantity = told.chance.choice((None, 2 * told.venue.market.size, 3 * told.venue.market.size))
    price = None if quantity and told.chance.random() < 0.5 else -told.chance.randint(2, 9)
    return steps.Change(client=client, order=order, quantity=quantity, price=price, after=told.pause())


def taking(told: Teller) -> None:
    """An order that takes what is there, and perhaps meets one of our own behind it."""
    chance = told.chance
    side = chance.choice((Side.BUY, Side.SELL))
    if chance.random() < 0.6:
        told.submit(side=side.opposite)
    told.add(steps.Rest(side=side.opposite, quantity=9, price=0))
    price = DEPTH if side is Side.BUY else -DEPTH
    in_force = chance.choice((TimeInForce.IOC, TimeInForce.GTC))
    if told.venue.stops and chance.random() < 0.6:
        order = told.next_order()
        told.add(told.new(order, 0, side, price=None, type=OrderType.MARKET))
    else:
        told.submit(side=side, size=20, price=chance.choice((0, price)), time_in_force=in_force)
    told.add(steps.Wait(after=3.0))


def burst(told: Teller) -> None:
    """Many fills while nobody listens."""
    chance = told.chance
    count = chance.choice((5, 30, 120, 250))
    order = told.submit(size=max(told.venue.market.size, count + chance.choice((0, 50))))
    told.add(steps.Wait(after=1.0))
    seconds = chance.choice((2.0, 10.0, 30.0))
    told.outage(steps.Burst(order=order, count=count, seconds=seconds), seconds=seconds + told.pause(5))
    told.add(steps.Wait(after=5.0))


def lost_change(told: Teller) -> None:
    """Our own change to more is made, and its answer and what follows are not heard."""
    chance = told.chance
    order = told.submit(size=chance.choice((5, 50)))
    size = 3 * told.venue.market.size
    price = chance.choice((None, -chance.randint(2, 9)))
    told.add(
        steps.Wait(after=2.0),
        chance.choice((steps.Deaf(after=0.1), steps.Deaf(after=0.1), steps.Mute(after=0.1))),
    )
    if chance.random() < 0.4:
        told.add(steps.Trade(order=order, percent=chance.choice((30, 60)), after=0.1))
    told.add(
        steps.Change(client=0, order=order, quantity=size, price=price, after=0.1),
    )
    percents = [chance.choice((30, 60, 100)) for _ in range(chance.randint(0, 2))]
    trades = [steps.Trade(order=order, percent=percent, after=0.5) for percent in percents]
    told.outage(*trades, seconds=chance.choice((1.0, 4.0, 8.0, 14.0)), late=chance.choice((None, 0.2, 3.0)))
    told.add(steps.Trade(order=order, percent=30, after=2.0 + told.pause(60)))


def changed_by_others(told: Teller) -> None:
    """Another session changes or cancels our order, while we listen or not."""
    chance, order = told.chance, told.submit()
    told.add(steps.Wait(after=1.0))
    happens: list[steps.Step] = []
    for _ in range(chance.randint(1, 3)):
        if chance.random() < 0.6:
            happens.append(steps.Trade(order=order, percent=chance.choice((30, 60)), after=0.4))
        if chance.random() < 0.75:
            percent = chance.choice((None, 50, 200, 300))
            price = chance.choice((None, -5, 5)) if percent else 5
            happens.append(steps.OtherChanges(order=order, percent=percent, price=price, after=0.4))
        else:
            happens.append(steps.OtherCancels(order=order, after=0.4))
    happens.append(steps.Trade(order=order, percent=60, after=0.4))
    if chance.random() < 0.6:
        told.outage(*happens, seconds=chance.choice((1.0, 6.0, 12.0)))
    else:
        told.add(*happens)
    told.add(steps.Trade(order=order, percent=chance.choice((30, 60)), after=3.0))


def name_used_again(told: Teller) -> None:
    """A name that an ended order of another session had, or one of our former life."""
    chance, order = told.chance, told.next_order()
    side = chance.choice((Side.BUY, Side.SELL))
    name = told.name(order)
    told.add(
        steps.OtherPlaces(
            order=order,
            name=name,
            side=side,
            quantity=told.quantity(order, told.venue.market.size),
            price=told.price(order, side),
        ),
        steps.Trade(order=order, percent=chance.choice((30, 100)), after=0.5),
        steps.OtherCancels(order=order, after=0.5),
    )
    again = told.submit(side=side, name=name)
    told.add(steps.Trade(order=again, percent=30, after=1.0))
    if chance.random() < 0.7:
        told.outage(steps.Trade(order=again, percent=30, after=0.3), seconds=3.0)
    told.add(steps.Wait(after=2.0))


def lost_placement(told: Teller) -> None:
    """A placement is not answered; it arrives, late or never, and what becomes of it is not heard either."""
    chance = told.chance
    told.add(chance.choice((steps.Deaf(after=0.5), steps.Mute(after=0.5))))
    order = told.submit(time_in_force=chance.choice((TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC)))
    late = chance.choice((None, 0.2, 1.5, 4.0, 20.0, 45.0))
    told.outage(
        steps.Trade(order=order, percent=chance.choice((30, 100)), after=0.4),
        seconds=chance.choice((0.4, 1.0, 4.0)),
        late=late,
    )
    wait = chance.choice((0.5, 2.0, (late or 0.0) + 1.0))
    told.add(steps.Trade(order=order, percent=chance.choice((30, 100)), after=wait))
    if chance.random() < 0.6:
        told.outage(steps.Trade(order=order, percent=chance.choice((30, 100)), after=0.4), seconds=2.0)


def flapping(told: Teller) -> None:
    """Connections come and go while readings of history are slow or refused."""
    chance = told.chance
    order = told.submit()
    told.add(steps.Wait(after=1.0))
    if chance.random() < 0.5:
        told.add(steps.SlowRest(seconds=chance.choice((1.0, 3.0, 8.0))))
    for _ in range(chance.randint(2, 4)):
        if chance.random() < 0.6:
            told.add(steps.RefusePages(count=chance.randint(1, 3), after=0.1))
        trade = (steps.Trade(order=order, percent=20, after=0.2),) * chance.randint(0, 1)
        if chance.random() < 0.5:
            told.add(steps.DropSockets(after=0.1), *trade)
        else:
            told.outage(*trade, seconds=chance.choice((0.3, 1.0, 2.0)))
        told.add(steps.Wait(after=chance.choice((0.7, 1.2, 3.0))))
    if chance.random() < 0.7:
        told.add(steps.Cancel(client=0, order=order, after=told.pause(8)))


def overtaken_reading(told: Teller) -> None:
    """A reading of history is on its way when the next login wants one, and fails then."""
    chance = told.chance
    order, seconds = told.submit(), chance.choice((2.0, 3.0, 5.0))
    told.add(
        steps.Wait(after=1.0),
        steps.RefusePages(count=1, after=0.1),
        steps.SlowRest(seconds=seconds, after=0.1),
        steps.DropSockets(after=0.1),
        steps.DropSockets(after=1.0 + told.pause(seconds)),
        steps.Cancel(client=0, order=order, after=told.pause(2 * seconds)),
        steps.Heal(after=seconds + told.pause()),
    )


def restart(told: Teller) -> None:
    """Our client dies; another takes over what is open."""
    chance = told.chance
    orders = [told.submit() for _ in range(chance.randint(1, 3))]
    told.add(steps.Abort(client=0, after=told.pause()))
    if chance.random() < 0.7:
        told.add(steps.Trade(order=chance.choice(orders), percent=chance.choice((20, 100)), after=0.5))
    told.add(steps.Open(client=0, after=chance.choice((1.0, 20.0))))
    for order in orders:
        told.add(steps.Trade(order=order, percent=chance.choice((20, 60)), after=1.0))


def of_another_session(told: Teller) -> None:
    """An order that is nobody's here: it fills and ends while clients watch, or cannot."""
    chance, order = told.chance, told.next_order()
    side = chance.choice((Side.BUY, Side.SELL))
    quantity, price = told.quantity(order, told.venue.market.size), told.price(order, side)
    told.add(steps.OtherPlaces(order=order, name=None, side=side, quantity=quantity, price=price))
    happens = [
        steps.Trade(order=order, percent=30, after=0.4),
        steps.Trade(order=order, percent=chance.choice((30, 100)), after=0.4),
        steps.OtherCancels(order=order, after=0.4),
    ]
    if chance.random() < 0.5:
        told.outage(*happens, seconds=3.0)
    else:
        told.add(*happens)


def of_the_second_client(told: Teller) -> None:
    """The second client of the account trades, too."""
    if told.clients == 1:
        told.clients = 2
        told.add(steps.Open(client=1))
    order = told.submit(client=1)
    told.add(steps.Trade(order=order, percent=30, after=1.0), change(told, order, client=1))
    told.add(steps.Trade(order=order, percent=50, after=1.0))
    if told.chance.random() < 0.6:
        told.add(steps.Cancel(client=1, order=order, after=1.0))


def waiting_for_a_price(told: Teller) -> None:
    """A stop: it waits, fires, rests and fills, while we listen or not."""
    chance = told.chance
    side = chance.choice((Side.BUY, Side.SELL))
    up = 1 if side is Side.BUY else -1
    order = told.next_order()
    stop = told.new(order, 0, side, type=OrderType.STOP_LIMIT, trigger=500 * up)
    told.add(stop, steps.Wait(after=1.0))
    happens = [
        steps.MovePrice(price=600 * up, after=0.5),
        steps.Trade(order=order, percent=chance.choice((30, 60)), after=0.5),
    ]
    if chance.random() < 0.5:
        told.outage(*happens, seconds=chance.choice((2.0, 8.0)))
    else:
        told.add(*happens)
    told.add(steps.MovePrice(price=0, after=1.0), steps.Trade(order=order, percent=chance.choice((30, 100)), after=2.0))


def batches(told: Teller) -> None:
    """Several orders in one request, and several cancels."""
    chance = told.chance
    numbers = [told.next_order() for _ in range(chance.randint(2, 5))]
    orders = tuple(told.new(number, 0, chance.choice((Side.BUY, Side.SELL))) for number in numbers)
    told.add(steps.Batch(client=0, orders=orders))
    told.add(*(steps.Trade(order=number, percent=30, after=0.2) for number in numbers[:2]))
    cancels = steps.CancelMany(client=0, orders=tuple(numbers[1:]), after=told.pause())
    if chance.random() < 0.4 and not told.calm:
        told.add(steps.Deaf(after=0.1), cancels)
        told.outage(seconds=chance.choice((1.0, 8.0)))
    else:
        told.add(cancels)


def silence(told: Teller) -> None:
    """REST says nothing for minutes, with a placement unanswered, while others trade on the account."""
    chance = told.chance
    side = chance.choice((Side.BUY, Side.SELL))
    told.add(steps.SilenceRest(after=0.5))
    told.submit(side=side)
    order = told.next_order()
    quantity, price = told.quantity(order, told.venue.market.size), told.price(order, side)
    told.add(steps.OtherPlaces(order=order, name=None, side=side, quantity=quantity, price=price))
    told.add(*(steps.Trade(order=order, percent=10, after=0.5) for _ in range(5)))
    told.add(steps.Heal(after=340.0))


def long_outage(told: Teller) -> None:
    """More fills than one reading of the venue's history can bring."""
    count = told.chance.choice((400, 900))
    order = told.submit(size=count + told.chance.choice((0, 50)))
    told.add(steps.Wait(after=1.0))
    told.outage(steps.Burst(order=order, count=count, seconds=20.0), seconds=25.0)


def venue_restarts(told: Teller) -> None:
    """The venue is started anew: it has forgotten who was logged in, and nothing else."""
    chance, order = told.chance, told.submit()
    told.add(steps.Trade(order=order, percent=30, after=1.0))
    told.add(steps.RestartVenue(after=told.pause()), steps.Trade(order=order, percent=30, after=0.3))
    told.add(steps.Heal(after=chance.choice((0.5, 3.0, 20.0))))
    told.add(steps.Trade(order=order, percent=chance.choice((30, 100)), after=told.pause(5)))
    told.submit()


def leaving(told: Teller) -> None:
    """A client is closed in peace, in good days or bad; another one goes on with what is open."""
    chance = told.chance
    orders = [told.submit() for _ in range(chance.randint(1, 3))]
    hard = chance.choice((steps.Wait(), steps.Wait(), steps.Deaf(), steps.Cut(), steps.SlowRest(seconds=2.0)))
    if chance.random() < 0.5:
        told.add(steps.Cancel(client=0, order=orders[0], after=told.pause()))
    told.add(hard, steps.Close(client=0, after=told.pause(0.5)), steps.Heal())
    told.add(steps.Open(client=0, after=chance.choice((1.0, 20.0))))
    told.add(*(steps.Trade(order=order, percent=chance.choice((20, 60)), after=1.0) for order in orders))


def sweeping(told: Teller) -> None:
    """A client cancels all orders of the account, its own on their way and those of others included; the venue refuses,
    or its answer is lost."""
    chance = told.chance
    for _ in range(chance.randint(1, 3)):
        told.submit()
    told.add(steps.Wait(after=2.0))
    if chance.random() < 0.4:
        told.submit()
    troubles = ("", "") if told.calm else ("", "refused", "lost", "idle", "deaf", "slow")
    trouble = chance.choice(troubles)
    if trouble == "slow":
        told.add(steps.SlowRest(seconds=chance.choice((1.0, 4.0)), after=0.1))
    if chance.random() < 0.3:
        told.submit()
    if trouble == "deaf":
        told.add(steps.Deaf(after=0.1))
    told.add(steps.CancelAll(client=0, trouble=trouble, after=chance.choice((0.01, 0.5))))
    if trouble == "deaf":
        told.outage(seconds=chance.choice((1.0, 8.0)))
    told.add(steps.Wait(after=chance.choice((1.0, 8.0))), steps.Heal(after=0.1))
    order = told.submit()
    told.add(steps.Trade(order=order, percent=30, after=1.0))


def leaving_less(told: Teller) -> None:
    """A change says what may still fill."""
    chance, order = told.chance, told.submit()
    told.add(steps.Trade(order=order, percent=chance.choice((10, 30)), after=1.0))
    leaves = chance.choice((7, told.venue.market.size // 2, 2 * told.venue.market.size))
    price = chance.choice((None, -chance.randint(2, 9)))
    told.add(steps.Change(client=0, order=order, quantity=None, leaves=leaves, price=price, after=1.0))
    if chance.random() < 0.5:
        told.add(steps.Trade(order=order, percent=30, after=4.0))
        told.add(steps.Change(client=0, order=order, quantity=None, leaves=2 * leaves, price=-1, after=1.0))
    told.add(steps.Wait(after=4.0))


def adopting(told: Teller) -> None:
    """An order of another session is taken over in the middle of its life, and followed from then on."""
    chance, order = told.chance, told.next_order()
    side = chance.choice((Side.BUY, Side.SELL))
    quantity, price = told.quantity(order, told.venue.market.size), told.price(order, side)
    told.add(steps.OtherPlaces(order=order, name=told.name(order), side=side, quantity=quantity, price=price))
    if chance.random() < 0.7:
        told.add(steps.Trade(order=order, percent=30, after=0.5))
    told.add(steps.Adopt(client=0, order=order, after=chance.choice((0.5, 3.0))))
    happens = [
        steps.Trade(order=order, percent=30, after=0.5),
        steps.OtherChanges(order=order, percent=200, price=3, after=1.0),
        steps.Trade(order=order, percent=chance.choice((30, 100)), after=1.0),
    ]
    if chance.random() < 0.5:
        told.outage(*happens, seconds=chance.choice((1.0, 6.0)))
    else:
        told.add(*happens)
    told.add(steps.Trade(order=order, percent=chance.choice((30, 100)), after=3.0))


def lost_words(told: Teller) -> None:
    """A message about an order never comes: of a change, a fill, an end."""
    chance, order = told.chance, told.submit()
    told.add(steps.Trade(order=order, percent=30, after=1.0))
    if not told.calm:
        told.add(steps.LoseWords(count=chance.randint(1, 2), after=0.5))
    kind = chance.choice(("change", "change", "others", "trade", "cancel"))
    if kind == "change":
        told.add(change(told, order))
    elif kind == "others":
        told.add(steps.OtherChanges(order=order, percent=chance.choice((50, 200)), price=None, after=0.5))
    elif kind == "cancel":
        told.add(steps.Cancel(client=0, order=order, after=0.5))
    told.add(*(steps.Trade(order=order, percent=chance.choice((30, 60, 100)), after=0.5) for _ in range(3)))
    told.add(steps.Wait(after=5.0))


def very_late_placement(told: Teller) -> None:
    """A placement arrives when everything says that it never will."""
    chance = told.chance
    side = chance.choice((Side.BUY, Side.SELL))
    if chance.random() < 0.6:
        told.add(steps.Rest(side=side.opposite, quantity=9, price=0))
    told.add(steps.Mute(after=0.5))
    in_force = chance.choice((TimeInForce.IOC, TimeInForce.GTC))
    order = told.submit(
        side=side, size=20, price=chance.choice((0, None)) or told.price(1, side), time_in_force=in_force
    )
    late = chance.choice((30.0, 70.0, 100.0, 200.0))
    told.outage(seconds=chance.choice((0.4, 2.0)), late=late)
    if chance.random() < 0.5:  # and nobody is there when it does
        told.add(steps.Wait(after=late - 5.0))
        told.outage(seconds=10.0)
    else:
        told.add(steps.Wait(after=late))
    told.add(steps.Trade(order=order, percent=chance.choice((30, 100)), after=3.0))


def leaving_in_the_dark(told: Teller) -> None:
    """A client is closed while nobody knows what became of its last order; another one goes on."""
    chance = told.chance
    told.submit()
    told.add(chance.choice((steps.Deaf(after=1.0), steps.SlowRest(seconds=4.0, after=1.0))))
    told.submit()
    told.add(steps.Close(client=0, after=chance.choice((0.1, 1.0))), steps.Heal(after=1.0))
    told.add(steps.Open(client=0, after=chance.choice((1.0, 20.0))))


def long_silence(told: Teller) -> None:
    """An outage that is longer than anything that is read twice for safety's sake, and pages that are refused then."""
    chance = told.chance
    count = chance.choice((3, 120, 250))
    order = told.submit(size=count + chance.choice((0, 50)))
    told.add(steps.Wait(after=1.0))
    told.outage(
        steps.Burst(order=order, count=count, seconds=10.0),
        steps.RefusePages(count=chance.choice((0, 1, 2, 4)), after=20.0),
        seconds=chance.choice((60.0, 300.0, 900.0)),
    )
    told.add(steps.RefusePages(count=chance.choice((0, 1)), after=2.0), steps.Wait(after=5.0))


def fired_while_away(told: Teller) -> None:
    """A stop fires, and perhaps fills, while nobody listens; then the link works, and a change of it is asked for."""
    chance = told.chance
    side = chance.choice((Side.BUY, Side.SELL))
    up = 1 if side is Side.BUY else -1
    order = told.next_order()
    told.add(told.new(order, 0, side, type=OrderType.STOP_LIMIT, trigger=500 * up), steps.Wait(after=1.0))
    happens: list[steps.Step] = [steps.MovePrice(price=600 * up, after=0.5)]
    if chance.random() < 0.5:
        happens.append(steps.Trade(order=order, percent=chance.choice((30, 100)), after=0.5))
    told.outage(*happens, seconds=chance.choice((1.0, 8.0)))
    told.add(steps.MovePrice(price=0, after=1.0))
    told.add(steps.Trade(order=order, percent=chance.choice((30, 100)), after=chance.choice((1.0, 70.0))))
    if chance.random() < 0.5:
        told.add(steps.Cancel(client=0, order=order, after=1.0))


Scene = Callable[[Teller], None]
SCENES: Final[tuple[tuple[Scene, int], ...]] = (
    (trading, 4),
    (taking, 3),
    (burst, 2),
    (lost_change, 4),
    (changed_by_others, 4),
    (name_used_again, 3),
    (lost_placement, 4),
    (flapping, 3),
    (overtaken_reading, 2),
    (restart, 2),
    (of_another_session, 2),
    (of_the_second_client, 2),
    (waiting_for_a_price, 2),
    (batches, 2),
    (silence, 1),
)
MORE: Final[tuple[Scene, ...]] = (long_outage, venue_restarts, venue_restarts, leaving, leaving, leaving)
"""One of these is at the end of some stories."""
MORE_CHANCE: Final = 0.25
NEWEST: Final[tuple[Scene, ...]] = (
    sweeping,
    sweeping,
    leaving_less,
    adopting,
    adopting,
    lost_words,
    very_late_placement,
    fired_while_away,
    long_silence,
    leaving_in_the_dark,
    of_the_second_client,
)
"""One of these is at the very end of some stories."""
NEWEST_CHANCE: Final = 0.3
CALM: Final = frozenset({trading, taking, of_the_second_client, waiting_for_a_price, batches})


def _scenes_for(venue: VenueSide, *, calm: bool) -> dict[Scene, int]:
    missing = {waiting_for_a_price} if not venue.stops else set()
    missing |= {batches} if not venue.batches else set()
    missing |= {silence} if not venue.slow_words else set()
    return {scene: weight for scene, weight in SCENES if scene not in missing and (not calm or scene in CALM)}


def draw_story(venue: str, seed: int, *, calm: bool = False, only: Sequence[str] = ()) -> Story:
    """calm: nothing goes wrong, and nobody else touches our orders; only: scenes of these names, () for all."""
    side = VENUES[venue]
    chance = random.Random(f"{venue} {seed} {calm}")
    later = random.Random(f"{venue} {seed} {calm} more")
    told = Teller(venue=side, chance=chance, seed=seed, calm=calm, more=later)
    scenes = _scenes_for(side, calm=calm)
    more = () if calm else MORE
    if only:
        scenes = {scene: weight for scene, weight in scenes.items() if scene.__name__ in only} or {trading: 1}
        more = tuple(scene for scene in more if scene.__name__ in only)
    chosen = chance.choices(list(scenes), list(scenes.values()), k=chance.randint(1, 4))
    rest = _begin(told, chosen)
    if calm and of_the_second_client in rest:
        told.clients = 2
        told.add(steps.Open(client=1))
    for scene in rest:
        scene(told)
    if more and told.more.random() < (1.0 if only else MORE_CHANCE):
        chosen.append(_add_one_of(more, told))
    newest = _possible(NEWEST, side, only)
    last = random.Random(f"{venue} {seed} {calm} newest")
    if newest and not calm and last.random() < (1.0 if only else NEWEST_CHANCE):
        told.more = last
        chosen.append(_add_one_of(newest, told))
    faults = () if calm else side.faults[chance.choice(tuple(side.faults))]
    stormy = not calm and chance.random() < 0.5
    slowness = Slowness()
    if not calm and chance.random() < 0.5:
        slowness = Slowness(chance=chance.choice((0.2, 0.5)), most=chance.choice((3.0, 60.0, 60.0)))
    return Story(
        venue=venue,
        seed=seed,
        settings={**side.settings(chance), "users": side.users, "quotes": False, "strict": True},
        options={
            **side.options(chance),
            "on_close": later.choice((OnClose.LEAVE, OnClose.CANCEL_ALL)),
            "websocket": random.Random(f"{venue} {seed} {calm} websocket").choice(WEBSOCKETS),
        },
        faults=faults if stormy else (),
        fault_chance=chance.choice((0.03, 0.08)),
        slowness=slowness,
        script=tuple(told.script),
        scenes=tuple(scene.__name__ for scene in chosen),
    )


def _begin(told: Teller, chosen: list[Scene]) -> Sequence[Scene]:
    """Opens the first client. Gives the scenes still to be told."""
    if name_used_again not in chosen or told.chance.random() >= 0.5:
        told.add(steps.Open(client=0))
        return chosen
    chosen.remove(name_used_again)  # a name of before the client began
    chosen.insert(0, name_used_again)
    told.add(steps.Wait())
    name_used_again(told)
    begin = next(number for number, step in enumerate(told.script) if isinstance(step, steps.Submit))
    told.script.insert(begin, steps.Open(client=0))
    return chosen[1:]


def _possible(scenes: Sequence[Scene], side: VenueSide, only: Sequence[str]) -> list[Scene]:
    missing = () if side.stops else (fired_while_away,)
    return [scene for scene in scenes if scene not in missing and (not only or scene.__name__ in only)]


def _add_one_of(scenes: Sequence[Scene], told: Teller) -> Scene:
    """With draws of its own."""
    told.chance, chance = told.more, told.chance
    scene = told.chance.choice(scenes)
    scene(told)
    told.chance = chance
    return scene
