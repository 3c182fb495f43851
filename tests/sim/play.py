"""Tells one story: real clients at an embedded venue, on virtual time, in memory; everything from the seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

import trio
from attrs import define, field, frozen
from trio.testing import MockClock

from actors import (
    Client,
    ClientOrderId,
    ConnectFailed,
    NewOrder,
    OrderState,
    OutcomeUnknown,
    SessionFailed,
    SimulatedVenue,
    StrategyId,
    TradingError,
    TriggerType,
    events,
    open_client,
    open_simulated_venue,
)
from protocol.simulation.faults import FaultKind, drawn
from protocol.values import Instant, OrderType, Side

from . import steps
from .books import Books, Placed
from .determinism import seeded_scheduler, wall_clock
from .mishaps import Mishaps
from .network import Network
from .story import FAULT_LAST, Story
from .venues import VENUES, OtherOrder, VenueSide

__all__ = ["Desk", "Played", "Submission", "play"]

CHECKS: Final = (130.0, 60.0, 200.0, 510.0)
"""Seconds of good health after which the comparison is made; a later one only if time may mend what the one before
found."""
MENDED_BY_TIME: Final = frozenset({"lost", "stuck"})
USER_LATENCY: Final = 0.25
"""Seconds until the user has read an event and acts on it."""
STRATEGY: Final = StrategyId("SIM")


@frozen(kw_only=True)
class Submission:
    """An order that a client sent, or took over (venue_order_id is known then). time: ns since 1970."""

    name: str
    wire_id: object
    side: Side
    quantity: Decimal | None
    price: Decimal | None
    time: int
    venue_order_id: str | None = None


@define(eq=False)
class Desk:
    """One client in one life, and all that it heard. began, ended: ns since 1970; ended None: it lives."""

    number: int
    life: int
    began: int = 0
    ended: int | None = None
    client: Client | None = None
    heard: list[tuple[float, events.Event]] = field(factory=list)
    sent: dict[int, Submission] = field(factory=dict)
    taken_over: list[Submission] = field(factory=list)
    changed: set[int] = field(factory=set)  # its orders that it asked to change
    states: dict[str, OrderState | None] = field(factory=dict)
    open_there: frozenset[str] | None = None
    gap_told: trio.Event = field(factory=trio.Event)
    is_open: trio.Event = field(factory=trio.Event)

    @property
    def name(self) -> str:
        return "AB"[self.number] + ("" if self.life == 1 else str(self.life))

    @property
    def submissions(self) -> list[Submission]:
        return [*self.sent.values(), *self.taken_over]


@define(kw_only=True)
class Played:
    """What became of a story. log: virtual second, who, what."""

    story: Story
    desks: list[Desk]
    books: Books
    happened: Counter[str]
    log: list[tuple[float, str, object]]
    violations: list[str]
    findings: list[Any] = field(factory=list)


def play(story: Story, compare: Callable[[Played], list[Any]]) -> Played:
    """compare: gives what is wrong so far."""
    with seeded_scheduler(story.seed):
        return trio.run(_tell, story, compare, clock=MockClock(autojump_threshold=0))


async def _tell(story: Story, compare: Callable[[Played], list[Any]]) -> Played:
    chance = random.Random(f"{story.venue} {story.seed} play")
    faults = drawn(chance.random, chance=story.fault_chance, among=story.faults, last=FAULT_LAST).faults
    mishaps = Mishaps(faults)
    side = VENUES[story.venue]
    holder: list[Books] = []
    with trio.fail_after(7200):
        async with (
            trio.open_nursery() as nursery,
            open_simulated_venue(
                story.venue,
                seed=story.seed,
                transport="memory",
                faults=mishaps,
                wall_clock=wall_clock,
                on_input=lambda _, now: holder[0].note(now.wall_ns),
                prepare=lambda exchange, _: holder.append(_books_of(exchange, side)),
                **story.settings,
            ) as venue,
        ):
            assert venue.connector is not None
            network = Network(venue.connector, nursery, chance, slowness=story.slowness)
            player = _Player(
                story=story,
                side=side,
                venue=venue,
                network=network,
                mishaps=mishaps,
                books=holder[0],
                nursery=nursery,
            )
            played = await player.tell(compare)
            nursery.cancel_scope.cancel()
    return played


def _books_of(exchange: Any, side: VenueSide) -> Books:
    return Books(exchange.engine, exchange.ledger, side.look, side.account)


@define(eq=False, kw_only=True)
class _Player:
    """Does what the script says, one step after the other."""

    _story: Story
    _side: VenueSide
    _venue: SimulatedVenue
    _network: Network
    _mishaps: Mishaps
    _books: Books
    _nursery: trio.Nursery
    _desks: list[Desk] = field(factory=list, init=False)
    _others: dict[int, Placed] = field(factory=dict, init=False)  # orders of other sessions, by their numbers
    _log: list[tuple[float, str, object]] = field(factory=list, init=False)
    _names: dict[object, str] = field(factory=dict, init=False)  # by wire id
    _lives: Counter[int] = field(factory=Counter, init=False)

    @property
    def _happened(self) -> Counter[str]:
        return self._network.happened

    def _say(self, who: str, what: object) -> None:
        self._log.append((trio.current_time(), who, what))

    async def tell(self, compare: Callable[[Played], list[Any]]) -> Played:
        for step in self._story.script:
            await trio.sleep(step.after)
            await self._do(step)
        self._say("venue", "everything is well from now on")
        self._mishaps.is_over = True
        self._network.slowness.chance = 0.0
        self._network.heal()
        played = Played(
            story=self._story,
            desks=self._desks,
            books=self._books,
            happened=self._happened,
            log=self._log,
            violations=self._venue.exchange.violations,
        )
        for seconds in CHECKS:
            await trio.sleep(seconds)
            await self._look()
            played.findings = compare(played)
            if MENDED_BY_TIME.isdisjoint(finding.kind for finding in played.findings):
                break
        before = played.findings  # the last reading of history tells what should have been told without it
        await self._end()
        played.findings = [*before, *(finding for finding in compare(played) if finding not in before)]
        self._count()
        return played

    def _count(self) -> None:
        lost = (FaultKind.DROP_EVENT, FaultKind.DROP_ANSWER)
        self._happened["lost frames"] += sum(self._mishaps.happened[kind] for kind in lost)
        self._happened["orders"] += sum(len(desk.sent) for desk in self._desks)
        self._happened["fills"] += len(self._books.executions())

    async def _look(self) -> None:
        self._books.note(wall_clock())
        for desk in self._desks:
            if desk.ended is None and desk.client is not None:
                with suppress(TradingError):
                    desk.states = {
                        sent.name: await desk.client.order_state(ClientOrderId(sent.name)) for sent in desk.submissions
                    }

    async def _end(self) -> None:
        """History once more where the client does not read it by itself, the list of open orders, and the end."""
        for desk in self._living():
            if not self._side.reads_by_itself:
                await self._read_history(desk)
            with suppress(TradingError):
                assert desk.client is not None
                reports = await desk.client.open_orders()
                desk.open_there = frozenset(str(report.venue_order_id) for report in reports)
        await trio.sleep(5.0)
        await self._look()

    def _living(self) -> list[Desk]:
        return [desk for desk in self._desks if desk.ended is None and desk.client is not None]

    def _desk(self, number: int) -> Desk | None:
        living = [desk for desk in self._living() if desk.number == number]
        return living[-1] if living else None

    # Clients

    async def _live(self, desk: Desk) -> None:
        row = {"draw": lambda: 0.5, "connector": self._network, "credentials": self._side.keys[desk.number]}
        config = self._venue.config(wall_clock=wall_clock, **row, **self._story.options)
        desk.began = wall_clock()
        while True:
            try:
                async with open_client(config) as client:
                    with client.events() as stream:
                        desk.client = client
                        desk.is_open.set()
                        async for event in stream:
                            self._hear(desk, event)
                return
            except* (ConnectFailed, SessionFailed, OutcomeUnknown) as failure:
                self._say(desk.name, f"cannot go on: {failure.exceptions[0]}")
            if desk.heard:
                desk.ended = wall_clock()
                return
            await trio.sleep(1.0)

    def _hear(self, desk: Desk, event: events.Event) -> None:
        desk.heard.append((trio.current_time(), event))
        self._say(desk.name, event)
        if isinstance(event, events.Gap) or (isinstance(event, events.Reconciled) and event.gaps):
            desk.gap_told.set()

    async def _read_when_told(self, desk: Desk) -> None:
        """The user reads history when a Gap tells him to, and goes on until he could."""
        while desk.ended is None:
            await desk.gap_told.wait()
            desk.gap_told = trio.Event()
            await trio.sleep(USER_LATENCY)
            if not await self._read_history(desk):
                await trio.sleep(5.0)
                desk.gap_told.set()

    async def _read_history(self, desk: Desk) -> bool:
        assert desk.client is not None
        try:
            await desk.client.read_fills(start=desk.began, end=wall_clock() + 10**9)
        except TradingError:
            return False
        return True

    async def _open(self, step: steps.Open) -> None:
        self._lives[step.client] += 1
        desk = Desk(step.client, self._lives[step.client])
        self._desks.append(desk)
        self._say(desk.name, "opens")
        self._nursery.start_soon(self._live, desk)
        with trio.move_on_after(60.0):
            await desk.is_open.wait()
        if not self._side.reads_by_itself:
            self._nursery.start_soon(self._read_when_told, desk)
        if desk.life > 1:
            self._nursery.start_soon(self._take_over, desk)

    async def _take_over(self, desk: Desk) -> None:
        """What the former life left at the venue."""
        for _ in range(10):
            await trio.sleep(0.5)
            if desk.client is None:
                continue
            try:
                reports = await desk.client.open_orders()
            except TradingError:
                continue
            for report in reports:
                placed = self._books.by_id.get(str(report.venue_order_id))
                name = None if placed is None else self._names.get(placed.wire_id)
                known = {sent.name for sent in desk.submissions}
                if name is None or name in known or placed is None or placed.by_other:
                    continue
                try:
                    await desk.client.register_external_order(
                        ClientOrderId(name), report.venue_order_id, self._side.market.instrument, STRATEGY
                    )
                except TradingError:
                    return
                desk.taken_over.append(
                    Submission(
                        name=name,
                        wire_id=placed.wire_id,
                        side=report.side or Side.BUY,
                        quantity=None,
                        price=None,
                        time=wall_clock(),
                        venue_order_id=str(report.venue_order_id),
                    )
                )
                self._say(desk.name, f"takes over {name}")
            return

    async def _abort(self, step: steps.Abort) -> None:
        desk = self._desk(step.client)
        if desk is not None and desk.client is not None:
            self._say(desk.name, "is aborted")
            desk.client.abort()
            desk.ended = wall_clock()

    # Steps

    async def _do(self, step: steps.Step) -> None:
        await DOING[type(step)](self, step)

    def _new_order(self, step: steps.Submit) -> NewOrder:
        market = self._side.market
        terms: dict[str, Any] = {}
        price = None if step.price is None else market.reference + step.price * market.step
        if step.trigger is not None:
            trigger = TriggerType.MARK if self._story.venue == "kraken-futures" else TriggerType.INDEX
            terms = {"trigger_price": market.reference + step.trigger * market.step, "trigger": trigger}
        return NewOrder(
            instrument=market.instrument,
            side=step.side,
            type=step.type,
            quantity=step.quantity * market.unit,
            price=price,
            time_in_force=step.time_in_force,
            client_order_id=ClientOrderId(step.name),
            **terms,
        )

    def _sent(self, desk: Desk, step: steps.Submit, order: NewOrder) -> None:
        wire_id = self._venue.config().venue().wire_id(ClientOrderId(step.name))
        self._names[wire_id] = step.name
        if any(placed.wire_id == wire_id for placed in self._books.orders):
            self._happened["names used again"] += 1
        desk.sent[step.order] = Submission(
            name=step.name,
            wire_id=wire_id,
            side=step.side,
            quantity=order.quantity,
            price=order.price,
            time=wall_clock(),
        )

    async def _submit(self, step: steps.Submit) -> None:
        desk = self._desk(step.client)
        if desk is None:
            return
        order = self._new_order(step)
        self._say(desk.name, f"submits {_words(order)}")
        try:
            assert desk.client is not None
            await desk.client.submit(order)
        except TradingError as refusal:
            self._say(desk.name, refusal)
        else:
            self._sent(desk, step, order)

    async def _batch(self, step: steps.Batch) -> None:
        desk = self._desk(step.client)
        if desk is None:
            return
        orders = [self._new_order(leg) for leg in step.orders]
        self._say(desk.name, "submits together " + ", ".join(map(_words, orders)))
        try:
            assert desk.client is not None
            await desk.client.submit_all(orders)
        except TradingError as refusal:
            self._say(desk.name, refusal)
        else:
            for leg, order in zip(step.orders, orders, strict=True):
                self._sent(desk, leg, order)

    async def _ask(self, number: int, orders: tuple[int, ...], ask: Callable[..., Awaitable[object]]) -> None:
        """ask: given the client and the names of the orders."""
        desk = self._desk(number)
        if desk is None or desk.client is None:
            return
        names = [ClientOrderId(desk.sent[order].name) for order in orders if order in desk.sent]
        if not names:
            return
        try:
            await ask(desk.client, names)
        except TradingError as refusal:
            self._say(desk.name, refusal)

    async def _cancel(self, step: steps.Cancel) -> None:
        self._say("AB"[step.client], f"cancels order {step.order}")
        await self._ask(step.client, (step.order,), lambda client, names: client.cancel(names[0]))

    async def _cancel_many(self, step: steps.CancelMany) -> None:
        self._say("AB"[step.client], f"cancels orders {step.orders}")
        await self._ask(step.client, step.orders, lambda client, names: client.cancel_many(names))

    async def _change(self, step: steps.Change) -> None:
        placed = self._placed(step.order)
        quantity = None if step.quantity is None else step.quantity * self._side.market.unit
        price = None
        if step.price is not None and placed is not None:
            price = self._nearer(placed, step.price)
        if quantity is None and price is None:
            return
        self._say("AB"[step.client], f"changes order {step.order}: quantity {quantity}, price {price}")
        desk = self._desk(step.client)
        if desk is not None:
            desk.changed.add(step.order)
        await self._ask(
            step.client, (step.order,), lambda client, names: client.replace(names[0], quantity=quantity, price=price)
        )

    def _nearer(self, placed: Placed, by: int) -> Decimal | None:
        """A price so many steps nearer to the market than the order's first one."""
        view = self._books.view(placed)
        if view.price is None:
            return None
        return view.price + (by if view.side is Side.BUY else -by) * self._side.market.step

    # The venue

    def _placed(self, order: int) -> Placed | None:
        """As it is in the books, if it is."""
        self._books.note(wall_clock())
        if order in self._others:
            return self._others[order]
        for desk in reversed(self._desks):
            if order in desk.sent:
                return placed_of(desk.sent[order], self._books)
        return None

    async def _act(self, text: str, action: Callable[..., Any], *arguments: Any) -> None:
        self._say("venue", text)
        await self._venue.act(lambda exchange, now: action(exchange, now, *arguments))

    async def _others_act(self, text: str, action: Callable[..., Any], *arguments: Any) -> None:
        def others_turn(exchange: Any, now: Instant) -> Any:
            self._books.note(now.wall_ns)
            self._books.others_turn = True
            try:
                return action(exchange, now, *arguments)
            finally:
                self._books.note(now.wall_ns)
                self._books.others_turn = False

        await self._act(text, others_turn)

    async def _trade(self, step: steps.Trade) -> None:
        placed = self._placed(step.order)
        view = None if placed is None else self._books.view(placed)
        if view is None or view.end is not None or view.price is None:
            self._say("venue", f"nobody trades with order {step.order}: it is not open")
            return
        units = (view.quantity - view.filled) * step.percent / 100 // self._side.market.unit
        await self._trade_with(view.side, view.price, max(units, Decimal(1)) * self._side.market.unit, step.order)

    async def _trade_with(self, side: Side, price: Decimal, quantity: Decimal, order: int) -> None:
        self._say("venue", f"somebody trades {quantity} at {price} with order {order}")
        await self._venue.trade(self._side.market.symbol, side.opposite, price=price, quantity=quantity)

    async def _burst(self, step: steps.Burst) -> None:
        self._say("venue", f"{step.count} trades with order {step.order} begin")
        self._nursery.start_soon(self._trade_many, step)

    async def _trade_many(self, step: steps.Burst) -> None:
        for _ in range(step.count):
            placed = self._placed(step.order)
            view = None if placed is None else self._books.view(placed)
            if view is None or view.end is not None or view.price is None:
                return
            unit = self._side.market.unit
            await self._venue.trade(self._side.market.symbol, view.side.opposite, price=view.price, quantity=unit)
            await trio.sleep(step.seconds / step.count)

    async def _rest(self, step: steps.Rest) -> None:
        market = self._side.market
        price, quantity = market.reference + step.price * market.step, step.quantity * market.unit
        self._say("venue", f"somebody leaves {step.side.name} {quantity} at {price}")
        await self._venue.trade(market.symbol, step.side, price=price, quantity=quantity, rest=True)

    async def _other_places(self, step: steps.OtherPlaces) -> None:
        market = self._side.market
        wire_id = None
        if step.name is not None:
            wire_id = self._venue.config().venue().wire_id(ClientOrderId(step.name))
            self._names[wire_id] = step.name
        price, quantity = market.reference + step.price * market.step, step.quantity * market.unit
        before = len(self._books.orders)
        text = f"another session places {step.side.name} {quantity} at {price}, named {step.name}"
        await self._others_act(text, self._side.place, OtherOrder(step.side, quantity, price, wire_id))
        made = [placed for placed in self._books.orders[before:] if placed.by_other]
        if made:
            self._others[step.order] = made[0]

    async def _other_changes(self, step: steps.OtherChanges) -> None:
        placed = self._placed(step.order)
        view = None if placed is None else self._books.view(placed)
        if placed is None or view is None or view.end is not None:
            return
        self._happened["changed by others"] += 1
        placed.changed_by_other = True
        quantity = None
        if step.percent is not None:
            units = (view.quantity - view.filled) * step.percent / 100 // self._side.market.unit
            quantity = max(units, Decimal(1)) * self._side.market.unit
        price = None if step.price is None else self._nearer(placed, step.price)
        text = f"another session changes order {step.order}: {quantity} to fill, price {price}"
        await self._others_act(text, self._side.change, self._books.kept(placed), quantity, price)

    async def _other_cancels(self, step: steps.OtherCancels) -> None:
        placed = self._placed(step.order)
        if placed is None or self._books.view(placed).end is not None:
            return
        self._happened["changed by others"] += 1
        text = f"another session cancels order {step.order}"
        await self._others_act(text, self._side.cancel, self._books.kept(placed))

    async def _move_price(self, step: steps.MovePrice) -> None:
        market = self._side.market
        price = market.reference + step.price * market.step
        assert self._side.move_price is not None
        await self._act(f"the price is {price}", self._side.move_price, price)

    async def _refuse_pages(self, step: steps.RefusePages) -> None:
        self._say("venue", f"the next {step.count} readings of history will be refused")
        for path in self._side.histories:
            for _ in range(step.count):
                self._venue.fail_next(FaultKind.REST_ERROR, of=path)

    async def _drop_sockets(self, step: steps.DropSockets) -> None:
        self._happened["outages"] += 1
        await self._act("every socket is cut, REST goes on", lambda exchange, _: exchange.close_all(None))

    # The network

    async def _network_does(self, step: steps.Step) -> None:
        late = f", what is on its way comes {step.late} s later" if isinstance(step, steps.Cut) and step.late else ""
        self._say("network", type(step).__name__ + late)
        match step:
            case steps.Deaf():
                self._network.is_deaf = True
            case steps.Mute():
                self._network.is_deaf = self._network.is_mute = True
            case steps.SilenceRest():
                self._network.rest_is_silent = True
            case steps.SlowRest(seconds=seconds):
                self._network.slow = seconds
            case steps.Cut():
                self._network.cut(step.late)
            case steps.Heal():
                self._network.heal()

    async def _wait(self, step: steps.Step) -> None:
        pass


DOING: Final[dict[type[steps.Step], Callable[..., Awaitable[None]]]] = {
    steps.Open: _Player._open,
    steps.Abort: _Player._abort,
    steps.Submit: _Player._submit,
    steps.Batch: _Player._batch,
    steps.Change: _Player._change,
    steps.Cancel: _Player._cancel,
    steps.CancelMany: _Player._cancel_many,
    steps.Trade: _Player._trade,
    steps.Burst: _Player._burst,
    steps.Rest: _Player._rest,
    steps.OtherPlaces: _Player._other_places,
    steps.OtherChanges: _Player._other_changes,
    steps.OtherCancels: _Player._other_cancels,
    steps.MovePrice: _Player._move_price,
    steps.RefusePages: _Player._refuse_pages,
    steps.Deaf: _Player._network_does,
    steps.Mute: _Player._network_does,
    steps.Cut: _Player._network_does,
    steps.Heal: _Player._network_does,
    steps.SilenceRest: _Player._network_does,
    steps.SlowRest: _Player._network_does,
    steps.DropSockets: _Player._drop_sockets,
    steps.Wait: _Player._wait,
}


def placed_of(sent: Submission, books: Books) -> Placed | None:
    """The order in the books that a submission became: the one with its name and its quantity, which no other has."""
    if sent.venue_order_id is not None:
        return books.by_id.get(sent.venue_order_id)
    for placed in reversed(books.orders):
        if placed.wire_id == sent.wire_id and placed.quantity == sent.quantity and not placed.by_other:
            return placed
    return None


def _words(order: NewOrder) -> str:
    price = "at market" if order.type is OrderType.MARKET else f"at {order.price}"
    kind = "" if order.trigger_price is None else f" once the price is {order.trigger_price}"
    return f"{order.client_order_id} {order.side.name} {order.quantity} {price} {order.time_in_force.name}{kind}"
