"""What the clients of a story do: they open, trade, read history when they are told to, take over, and end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Final

import trio
from attrs import define

from actors import (
    ClientConfig,
    ClientOrderId,
    ConnectFailed,
    NewOrder,
    OutcomeUnknown,
    SessionFailed,
    StrategyId,
    TraderId,
    TradingError,
    TriggerType,
    events,
    open_client,
)
from protocol.dispatch import DispatchState
from protocol.events import OrderStatusReport
from protocol.values import OrderType, Side

from . import steps
from .books import Placed
from .determinism import wall_clock
from .sizes import sizes
from .stage import Asked, Desk, Doing, Stage, Submission, Sweep, placed_of

__all__ = ["Clients"]

USER_LATENCY: Final = 0.25
"""Seconds until the user has read an event and acts on it."""
STRATEGY: Final = StrategyId("SIM")
CANCELED: Final = frozenset({"canceled", "expired"})


@define(eq=False)
class Clients:
    """All of them."""

    _stage: Stage
    _states: dict[str, DispatchState]  # by the names of their traders

    @property
    def doing(self) -> Doing:
        return {
            steps.Open: self._open,
            steps.Abort: self._abort,
            steps.Close: self._close,
            steps.Submit: self._submit,
            steps.Batch: self._batch,
            steps.Change: self._change,
            steps.Cancel: self._cancel,
            steps.CancelMany: self._cancel_many,
            steps.CancelAll: self._cancel_all,
            steps.Adopt: self._adopt_others,
        }

    # Lives

    async def _live(self, desk: Desk) -> None:
        stage = self._stage
        config = stage.venue.config(
            wall_clock=wall_clock,
            draw=lambda: 0.5,
            connector=stage.network,
            credentials=stage.side.keys[desk.number],
            trader=TraderId(desk.name),
            **stage.story.options,
        )
        desk.began = wall_clock()
        try:
            while not desk.heard:
                try:
                    await self._listen(desk, config)
                    return
                except* (ConnectFailed, SessionFailed, OutcomeUnknown) as failure:
                    stage.say(desk.name, f"cannot go on: {failure.exceptions[0]}")
                if desk.ended is None and not desk.heard:
                    await trio.sleep(1.0)
            desk.ended = desk.ended or wall_clock()
        finally:
            desk.is_over.set()

    async def _listen(self, desk: Desk, config: ClientConfig) -> None:
        async with open_client(config) as client:
            desk.state = self._states[desk.name]
            desk.at_first = sizes(desk.state)
            with client.events() as stream:
                desk.client = client
                desk.is_open.set()
                async for event in stream:
                    self._hear(desk, event)

    def _hear(self, desk: Desk, event: events.Event) -> None:
        desk.heard.append((trio.current_time(), event))
        self._stage.say(desk.name, event)
        if isinstance(event, events.Gap) or (isinstance(event, events.Reconciled) and event.gaps):
            desk.gap_told.set()

    async def _read_when_told(self, desk: Desk) -> None:
        """The user reads history when a Gap tells him to, and goes on until he could."""
        while desk.ended is None:
            await desk.gap_told.wait()
            desk.gap_told = trio.Event()
            await trio.sleep(USER_LATENCY)
            if not await self.read_history(desk):
                await trio.sleep(5.0)
                desk.gap_told.set()

    async def read_history(self, desk: Desk) -> bool:
        assert desk.client is not None
        try:
            await desk.client.read_fills(start=desk.began, end=wall_clock() + 10**9)
        except TradingError:
            return False
        return True

    async def _open(self, step: steps.Open) -> None:
        self._stage.lives[step.client] += 1
        desk = Desk(step.client, self._stage.lives[step.client])
        self._stage.desks.append(desk)
        self._stage.say(desk.name, "opens")
        self._stage.nursery.start_soon(self._live, desk)
        with trio.move_on_after(60.0):
            await desk.is_open.wait()
        if not self._stage.side.reads_by_itself:
            self._stage.nursery.start_soon(self._read_when_told, desk)
        if desk.life > 1:
            self._stage.nursery.start_soon(self._take_over, desk)

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
                placed = self._stage.books.by_id.get(str(report.venue_order_id))
                name = None if placed is None else self._stage.names.get(placed.wire_id)
                known = {sent.name for sent in desk.submissions}
                if name is None or name in known or placed is None or placed.by_other:
                    continue
                if not await self._adopt(desk, report, ClientOrderId(name)):
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
                self._stage.say(desk.name, f"takes over {name}")
            return

    async def _adopt(self, desk: Desk, report: OrderStatusReport, name: ClientOrderId) -> bool:
        assert desk.client is not None
        try:
            if hasattr(desk.client, "adopt"):
                await desk.client.adopt(report, strategy=STRATEGY, client_order_id=name)
            else:
                await desk.client.register_external_order(
                    name, report.venue_order_id, self._stage.side.market.instrument, STRATEGY
                )
        except TradingError as refusal:
            self._stage.say(desk.name, refusal)
            return False
        return True

    async def _abort(self, step: steps.Abort) -> None:
        desk = self._stage.desk(step.client)
        if desk is not None and desk.client is not None:
            self._stage.say(desk.name, "is aborted")
            desk.client.abort()
            desk.ended = wall_clock()

    async def _close(self, step: steps.Close) -> None:
        desk = self._stage.desk(step.client)
        if desk is not None:
            await self.close(desk)

    async def close(self, desk: Desk) -> None:
        """In peace, and notes what it leaves open at the venue."""
        stage = self._stage
        assert desk.client is not None
        desk.ended, desk.was_well = wall_clock(), stage.is_well
        stage.say(desk.name, "is closed")
        await desk.client.close()
        with trio.move_on_after(60.0):
            await desk.is_over.wait()
        stage.books.note(wall_clock())
        placed = [placed_of(sent, stage.books) for sent in desk.submissions]
        views = [stage.books.view(order) for order in placed if order is not None]
        desk.left_open = frozenset(view.order_id for view in views if view.end is None)

    # Orders

    def _new_order(self, step: steps.Submit) -> NewOrder:
        market = self._stage.side.market
        terms: dict[str, Any] = {}
        price = None if step.price is None else market.reference + step.price * market.step
        if step.trigger is not None:
            trigger = TriggerType.MARK if self._stage.story.venue == "kraken-futures" else TriggerType.INDEX
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
        wire_id = self._stage.venue.config().venue().wire_id(ClientOrderId(step.name))
        self._stage.names[wire_id] = step.name
        if any(placed.wire_id == wire_id for placed in self._stage.books.orders):
            self._stage.happened["names used again"] += 1
        desk.sent[step.order] = Submission(
            name=step.name,
            wire_id=wire_id,
            side=step.side,
            quantity=order.quantity,
            price=order.price,
            time=wall_clock(),
        )

    async def _submit(self, step: steps.Submit) -> None:
        desk = self._stage.desk(step.client)
        if desk is None:
            return
        order = self._new_order(step)
        self._stage.say(desk.name, f"submits {_words(order)}")
        try:
            assert desk.client is not None
            await desk.client.submit(order)
        except TradingError as refusal:
            self._stage.say(desk.name, refusal)
        else:
            self._sent(desk, step, order)

    async def _batch(self, step: steps.Batch) -> None:
        desk = self._stage.desk(step.client)
        if desk is None:
            return
        orders = [self._new_order(leg) for leg in step.orders]
        self._stage.say(desk.name, "submits together " + ", ".join(map(_words, orders)))
        try:
            assert desk.client is not None
            await desk.client.submit_all(orders)
        except TradingError as refusal:
            self._stage.say(desk.name, refusal)
        else:
            for leg, order in zip(step.orders, orders, strict=True):
                self._sent(desk, leg, order)

    async def _ask(self, number: int, orders: tuple[int, ...], ask: Callable[..., Awaitable[Any]]) -> list[int]:
        """ask: given the client and the names of the orders. Gives the numbers of the requests."""
        desk = self._stage.desk(number)
        if desk is None or desk.client is None:
            return []
        names = [ClientOrderId(desk.sent[order].name) for order in orders if order in desk.sent]
        if not names:
            return []
        try:
            numbers = await ask(desk.client, names)
        except TradingError as refusal:
            self._stage.say(desk.name, refusal)
            return []
        return list(numbers) if isinstance(numbers, list) else [numbers]

    async def _cancel(self, step: steps.Cancel) -> None:
        self._stage.say("AB"[step.client], f"cancels order {step.order}")
        numbers = await self._ask(step.client, (step.order,), lambda client, names: client.cancel(names[0]))
        self._asked(step.client, (step.order,), numbers)

    async def _cancel_many(self, step: steps.CancelMany) -> None:
        self._stage.say("AB"[step.client], f"cancels orders {step.orders}")
        numbers = await self._ask(step.client, step.orders, lambda client, names: client.cancel_many(names))
        self._asked(step.client, step.orders, numbers)

    def _asked(
        self, client: int, orders: tuple[int, ...], numbers: list[int], *, is_cancel: bool = True, price: Any = None
    ) -> None:
        desk = self._stage.desk(client)
        if desk is not None:
            names = [desk.sent[order].name for order in orders if order in desk.sent]
            desk.asked += (
                Asked(number=number, name=name, is_cancel=is_cancel, price=price)
                for number, name in zip(numbers, names, strict=False)
            )

    async def _change(self, step: steps.Change) -> None:
        placed = self._stage.placed(step.order)
        unit = self._stage.side.market.unit
        quantity, leaves = (None if count is None else count * unit for count in (step.quantity, step.leaves))
        price = None
        if step.price is not None and placed is not None:
            price = self._stage.nearer(placed, step.price)
        terms = {name: term for name, term in {"quantity": quantity, "price": price, "leaves": leaves}.items() if term}
        if not terms:
            return
        told = ", ".join(f"{name} {term}" for name, term in terms.items())
        self._stage.say("AB"[step.client], f"changes order {step.order}: {told}")
        desk = self._stage.desk(step.client)
        if desk is not None:
            desk.changed.add(step.order)
        numbers = await self._ask(step.client, (step.order,), lambda client, names: client.replace(names[0], **terms))
        self._asked(step.client, (step.order,), numbers, is_cancel=False, price=price)
        if leaves is not None and numbers and desk is not None and placed is not None:
            self._stage.nursery.start_soon(self._look_what_is_left, desk, step.order, placed, leaves)

    async def _look_what_is_left(self, desk: Desk, order: int, placed: Placed, leaves: Decimal) -> None:
        """A change says what may fill; where nothing fills meanwhile, the venue has just that much left."""
        assert desk.client is not None
        books, name = self._stage.books, desk.sent[order].name
        view = books.view(placed)
        before, terms = books.filled(placed), (view.order_id, view.quantity, view.price)
        state = await desk.client.order_state(ClientOrderId(name))
        await trio.sleep(3.0)
        books.note(wall_clock())
        view = books.view(placed)
        is_untouched = books.filled(placed) == before and state is not None and state.cumulative == before
        is_made = view.end is None and (view.order_id, view.quantity, view.price) != terms
        if is_untouched and is_made and not placed.changed_by_other and view.quantity - view.filled != leaves:
            desk.misfits.append(f"{name}: {leaves} asked for, {view.quantity - view.filled} there")

    # All orders, and those of others

    async def _cancel_all(self, step: steps.CancelAll) -> None:
        desk, stage = self._stage.desk(step.client), self._stage
        if desk is None or desk.client is None:
            return
        trouble = stage.side.cancel_all_troubles.get(step.trouble)
        if trouble is not None:
            kind, request = trouble
            stage.venue.fail_next(kind, of=request)
        if step.trouble == "idle":
            _skip_once(stage.venue.exchange.engine, stage.side.nothing_canceled)
        stage.say(desk.name, "cancels all orders")
        stage.happened["cancels of all orders"] += 1
        stage.nursery.start_soon(self._sweep, desk)

    async def _sweep(self, desk: Desk) -> None:
        assert desk.client is not None
        books, stage = self._stage.books, self._stage
        books.note(wall_clock())
        ended = [placed for placed in books.orders if books.view(placed).end is not None]
        before = [placed for placed in books.orders if placed not in ended]
        try:
            count = await desk.client.cancel_all()
        except TradingError as failure:
            stage.say(desk.name, f"cancel of all orders: {failure}")
            return
        stage.say(desk.name, f"all orders are canceled: {count}")
        books.note(wall_clock())
        ends = [books.view(placed).end for placed in books.orders if placed not in ended]
        await trio.sleep(3.0)
        left = frozenset(placed.ids[-1] for placed in before if books.view(placed).end is None)
        desk.sweeps.append(Sweep(count=count, canceled=sum(end in CANCELED for end in ends), left=left))

    async def _adopt_others(self, step: steps.Adopt) -> None:
        desk, placed = self._stage.desk(step.client), self._stage.others.get(step.order)
        if desk is None or desk.client is None or placed is None:
            return
        name = f"adopted-{step.order}"
        try:
            reports = await desk.client.open_orders()
        except TradingError as refusal:
            self._stage.say(desk.name, refusal)
            return
        for report in reports:
            if str(report.venue_order_id) in placed.ids and await self._adopt(desk, report, ClientOrderId(name)):
                self._stage.happened["adopted"] += 1
                self._stage.say(desk.name, f"adopts {name}")
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


def _skip_once(engine: Any, result: object) -> None:
    """Has the venue's brain take the next cancel of all orders, and do nothing. result: what it gives then."""

    def skipped(*_: object, **__: object) -> object:
        del engine.cancel_all
        return result

    engine.cancel_all = skipped


def _words(order: NewOrder) -> str:
    price = "at market" if order.type is OrderType.MARKET else f"at {order.price}"
    kind = "" if order.trigger_price is None else f" once the price is {order.trigger_price}"
    return f"{order.client_order_id} {order.side.name} {order.quantity} {price} {order.time_in_force.name}{kind}"
