"""What the clients of a story do: they open, trade, read history when they are told to, take over, and end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Final

import trio
from attrs import define, evolve

from actors import (
    ClientConfig,
    ClientOrderId,
    ConnectFailed,
    EventStream,
    NewOrder,
    OutcomeUnknown,
    SessionError,
    StrategyId,
    TraderId,
    TradingError,
    TriggerType,
    events,
    open_client,
)
from actors.net.connectors import Connector
from protocol.dispatch import DispatchState
from protocol.errors import CursorAhead, JournalError, LinkError, SubscriberLagged
from protocol.events import OrderStatusReport
from protocol.values import OrderType, Side

from . import steps
from .books import Placed
from .determinism import wall_clock
from .lives import Killed, Memory, Process
from .mortality import begin_life, fall_back, kill, lives, loses_what_follows, program
from .sizes import sizes
from .stage import Asked, Doing, Stage, Submission, Sweep, Trader, placed_of

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
            **lives(self._stage),
        }

    # Lives

    async def _live(self, trader: Trader) -> None:
        stage = self._stage
        config = self._config(trader, stage.network)
        trader.began = wall_clock()
        try:
            while not trader.heard:
                try:
                    await self._listen(trader, config)
                    return
                except* (ConnectFailed, SessionError, OutcomeUnknown) as failure:
                    stage.say(trader.name, f"cannot go on: {failure.exceptions[0]}")
                if trader.ended is None and not trader.heard:
                    await trio.sleep(1.0)
            trader.ended = trader.ended or wall_clock()
        finally:
            trader.is_over.set()

    def _config(self, trader: Trader, connector: Connector) -> ClientConfig:
        stage = self._stage
        return stage.venue.config(
            wall_clock=wall_clock,
            draw=lambda: 0.5,
            connector=connector,
            credentials=stage.side.keys[trader.number],
            trader=TraderId(trader.name),
            **self._switch(trader),
            **stage.story.options,
        )

    def _switch(self, trader: Trader) -> dict[str, Any]:
        """The dead man's switch, which lives with a journal have in turn."""
        keeping = self._stage.story.journal
        seconds = 0 if keeping is None or trader.life % 2 == 0 else keeping.switch
        return {"cancel_all_after": seconds} if seconds else {}

    async def _listen(self, trader: Trader, config: ClientConfig) -> None:
        async with open_client(config) as client:
            trader.state = self._states[trader.name]
            trader.at_first = sizes(trader.state)
            with client.events() as stream:
                trader.client = client
                trader.is_open.set()
                async for event in stream:
                    self._hear(trader, event)

    def _hear(self, trader: Trader, event: events.Event) -> None:
        trader.heard.append((trio.current_time(), event))
        self._stage.say(trader.name, event)
        if isinstance(event, events.MissingFills) or (isinstance(event, events.Reconciled) and event.gaps):
            trader.gap_told.set()

    async def _read_when_told(self, trader: Trader) -> None:
        """The user reads history when a Gap tells him to, and goes on until he could."""
        while trader.ended is None:
            await trader.gap_told.wait()
            trader.gap_told = trio.Event()
            await trio.sleep(USER_LATENCY)
            if not await self.read_history(trader):
                await trio.sleep(5.0)
                trader.gap_told.set()

    async def read_history(self, trader: Trader) -> bool:
        if trader.client is None:
            return False  # it was killed meanwhile
        try:
            await trader.client.read_fills(start=trader.began, end=wall_clock() + 10**9)
        except TradingError:
            return False
        return True

    async def _open(self, step: steps.Open) -> None:
        if self._stage.story.journal is not None:
            await self._open_again(step)
            return
        self._stage.lives[step.client] += 1
        trader = Trader(step.client, self._stage.lives[step.client])
        self._stage.traders.append(trader)
        self._stage.say(trader.name, "opens")
        self._stage.nursery.start_soon(self._live, trader)
        with trio.move_on_after(60.0):
            await trader.is_open.wait()
        if not self._stage.side.reads_by_itself:
            self._stage.nursery.start_soon(self._read_when_told, trader)
        if trader.life > 1:
            self._stage.nursery.start_soon(self._take_over, trader)

    # Lives with a journal

    async def _open_again(self, step: steps.Open) -> None:
        """The same program on the same disk; one that waits to be killed is killed now."""
        stage = self._stage
        trader = program(stage, step.client)
        memory = trader.memory
        assert memory is not None
        lives = trader.ended is None and memory.process is not None
        if lives and (step.if_dead or not (memory.is_armed or memory.has_failed)):
            return
        kill(stage, trader)
        stage.happened["closed in peace"] += trader.left_open is not None and not trader.was_well
        was_armed, memory.is_armed_for_opening = memory.is_armed_for_opening, False
        if not was_armed:
            memory.disarm()
        begin_life(stage, trader)
        stage.say(trader.name, "opens")
        stage.nursery.start_soon(self._live_with_journal, trader)
        with trio.move_on_after(60.0):
            await trader.is_open.wait()

    async def _live_with_journal(self, trader: Trader) -> None:
        stage, memory, is_over = self._stage, trader.memory, trader.is_over
        assert memory is not None
        assert memory.process is not None
        process = memory.process
        try:
            while not process.has_died() and trader.ended is None:
                try:
                    with process.begun():
                        await self._listen_from(trader, self._config(trader, process), memory, process)
                    break
                except* Killed:
                    pass
                except* (LinkError, OutcomeUnknown, JournalError) as failure:
                    if not process.has_died():
                        stage.say(trader.name, f"cannot go on: {failure.exceptions[0]}")
                if not process.has_died():
                    await trio.sleep(1.0)
            if memory.process is process:
                trader.ended = trader.ended or wall_clock()
        finally:
            is_over.set()

    async def _listen_from(self, trader: Trader, config: ClientConfig, memory: Memory, process: Process) -> None:
        async with open_client(config, journal=memory.journal(process)) as client:
            trader.state, process.client = self._states[trader.name], client
            trader.at_first = sizes(trader.state)
            while not process.has_died():
                try:
                    with client.events(after=memory.known_cursor()) as stream:
                        trader.client = client
                        trader.is_open.set()
                        async for event in stream:
                            if process.has_died():
                                return
                            self._read(trader, event, stream)
                    return
                except CursorAhead as ahead:
                    fall_back(trader, memory, ahead.last)
                except SubscriberLagged:  # it was behind, and goes on in the next life
                    memory.has_failed = True
                    await trio.sleep_forever()

    def _read(self, trader: Trader, event: events.Event, stream: EventStream) -> None:
        """What a consumer keeps of an event, its effects and its cursor, it keeps at once."""
        memory = trader.memory
        assert memory is not None
        assert memory.process is not None
        if isinstance(event, events.JournalFailed) and not memory.has_failed:
            memory.has_failed = True
            loses_what_follows(trader, memory)
        if memory.has_failed:
            self._stage.say(trader.name, event)
            memory.unsure.append(event)
        else:
            self._hear(trader, event)
            memory.cursor = str(stream.cursor)
        memory.process.has_done("event")

    async def _take_over(self, trader: Trader) -> None:
        """What the former life left at the venue."""
        for _ in range(10):
            await trio.sleep(0.5)
            if trader.client is None:
                continue
            try:
                reports = await trader.client.open_orders()
            except TradingError:
                continue
            for report in reports:
                placed = self._stage.books.by_id.get(str(report.venue_order_id))
                name = None if placed is None else self._stage.names.get(placed.wire_id)
                known = {sent.name for sent in trader.submissions}
                if name is None or name in known or placed is None or placed.by_other:
                    continue
                if not await self._adopt(trader, report, ClientOrderId(name)):
                    return
                trader.taken_over.append(
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
                self._stage.say(trader.name, f"takes over {name}")
            return

    async def _adopt(self, trader: Trader, report: OrderStatusReport, name: ClientOrderId) -> bool:
        assert trader.client is not None
        try:
            if hasattr(trader.client, "adopt"):
                await trader.client.adopt(report, strategy=STRATEGY, client_order_id=name)
            else:
                await trader.client.register_external_order(
                    name, report.venue_order_id, self._stage.side.market.instrument, STRATEGY
                )
        except TradingError as refusal:
            self._stage.say(trader.name, refusal)
            return False
        return True

    async def _abort(self, step: steps.Abort) -> None:
        trader = self._stage.trader(step.client)
        if trader is not None and trader.client is not None:
            self._stage.say(trader.name, "is aborted")
            trader.client.abort()
            trader.vanishes(wall_clock())

    async def _close(self, step: steps.Close) -> None:
        trader = self._stage.trader(step.client)
        if trader is not None:
            await self.close(trader)

    async def close(self, trader: Trader) -> None:
        """In peace, and notes what it leaves open at the venue."""
        stage = self._stage
        assert trader.client is not None
        trader.ended, trader.was_well = wall_clock(), stage.is_well
        stage.say(trader.name, "is closed")
        await trader.client.close()
        with trio.move_on_after(60.0):
            await trader.is_over.wait()
        stage.books.note(wall_clock())
        # What was asked for and not done by then, the report says by naming the order.
        last = trader.heard[-1][1] if trader.heard else None
        named = {*last.still_open, *last.unknown} if isinstance(last, events.CloseReport) else set()
        trader.asked[:] = [asked for asked in trader.asked if asked.name not in named]
        told = {each for sent in trader.submissions if sent.name in named for each in self._ids(sent)}
        trader.sweeps[:] = [evolve(sweep, left=sweep.left - told) for sweep in trader.sweeps]
        placed = [placed_of(sent, stage.books) for sent in trader.submissions]
        views = [stage.books.view(order) for order in placed if order is not None]
        trader.left_open = frozenset(view.order_id for view in views if view.end is None)

    def _ids(self, sent: Submission) -> list[str]:
        """All that it has had at the venue."""
        placed = placed_of(sent, self._stage.books)
        return [] if placed is None else placed.ids

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

    def _sent(self, trader: Trader, step: steps.Submit, order: NewOrder, switchless: bool) -> None:
        wire_id = self._stage.venue.config().venue().wire_id(ClientOrderId(step.name))
        self._stage.names[wire_id] = step.name
        if any(placed.wire_id == wire_id for placed in self._stage.books.orders):
            self._stage.happened["names used again"] += 1
        trader.sent[step.order] = Submission(
            name=step.name,
            wire_id=wire_id,
            side=step.side,
            quantity=order.quantity,
            price=order.price,
            time=wall_clock(),
            switchless=switchless,
        )

    async def _submit(self, step: steps.Submit) -> None:
        trader = self._stage.trader(step.client)
        if trader is None:
            return
        order, life, switchless = self._new_order(step), trader.life, self._is_switchless(trader)
        if trader.memory is not None and trader.memory.has_lost and self._was_used(trader, step.name):
            return  # its journal may know nothing of it
        self._stage.say(trader.name, f"submits {_words(order)}")
        try:
            assert trader.client is not None
            await trader.client.submit(order)
        except TradingError as refusal:
            self._stage.say(trader.name, refusal)
            if not self._died_with(trader, (step.order,), life):
                return
        self._sent(trader, step, order, switchless)

    def _was_used(self, trader: Trader, name: str) -> bool:
        return any(sent.name == name for sent in trader.sent.values())

    def _is_switchless(self, trader: Trader) -> bool:
        """Whether what this life places must come behind the end of the switch that an earlier one has set."""
        keeping, memory = self._stage.story.journal, trader.memory
        if keeping is None or not keeping.switch or self._switch(trader):
            return False
        if memory is None or memory.has_lost:
            return False  # that it was set may be lost with the power
        return len(self._stage.traders) == 1  # another program of the account has a switch of its own

    def _died_with(self, trader: Trader, orders: tuple[int, ...], life: int) -> bool:
        """Whether these placements of that life were not answered because the process was killed meanwhile."""
        has_died = trader.memory is not None and (trader.life != life or trader.ended is not None)
        if has_died:
            trader.unanswered.update(orders)
        return has_died

    async def _batch(self, step: steps.Batch) -> None:
        trader = self._stage.trader(step.client)
        if trader is None:
            return
        orders, life = [self._new_order(leg) for leg in step.orders], trader.life
        switchless = self._is_switchless(trader)
        self._stage.say(trader.name, "submits together " + ", ".join(map(_words, orders)))
        try:
            assert trader.client is not None
            await trader.client.submit_all(orders)
        except TradingError as refusal:
            self._stage.say(trader.name, refusal)
            if not self._died_with(trader, tuple(leg.order for leg in step.orders), life):
                return
        for leg, order in zip(step.orders, orders, strict=True):
            self._sent(trader, leg, order, switchless)

    async def _ask(self, number: int, orders: tuple[int, ...], ask: Callable[..., Awaitable[Any]]) -> list[int]:
        """ask: given the client and the names of the orders. Gives the numbers of the requests."""
        trader = self._stage.trader(number)
        if trader is None or trader.client is None:
            return []
        names = [ClientOrderId(trader.sent[order].name) for order in orders if order in trader.sent]
        if not names:
            return []
        try:
            numbers = await ask(trader.client, names)
        except TradingError as refusal:
            self._stage.say(trader.name, refusal)
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
        trader = self._stage.trader(client)
        if trader is not None:
            names = [trader.sent[order].name for order in orders if order in trader.sent]
            trader.asked += (
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
        trader = self._stage.trader(step.client)
        if trader is not None:
            trader.changed.add(step.order)
        numbers = await self._ask(step.client, (step.order,), lambda client, names: client.replace(names[0], **terms))
        self._asked(step.client, (step.order,), numbers, is_cancel=False, price=price)
        if leaves is not None and numbers and trader is not None and placed is not None:
            self._stage.nursery.start_soon(self._look_what_is_left, trader, step.order, placed, leaves)

    async def _look_what_is_left(self, trader: Trader, order: int, placed: Placed, leaves: Decimal) -> None:
        """A change says what may fill; where nothing fills meanwhile, the venue has just that much left."""
        if trader.client is None:
            return  # it was killed in the turn before
        books, name = self._stage.books, trader.sent[order].name
        view = books.view(placed)
        before, terms = books.filled(placed), (view.order_id, view.quantity, view.price)
        life = trader.life
        try:
            state = await trader.client.order_state(ClientOrderId(name))
        except TradingError:
            return
        await trio.sleep(3.0)
        books.note(wall_clock())
        view = books.view(placed)
        is_untouched = books.filled(placed) == before and state is not None and state.cumulative == before
        is_made = view.end is None and (view.order_id, view.quantity, view.price) != terms
        if trader.life != life or placed.changed_by_other:
            return
        if is_untouched and is_made and view.quantity - view.filled != leaves:
            trader.misfits.append(f"{name}: {leaves} asked for, {view.quantity - view.filled} there")

    # All orders, and those of others

    async def _cancel_all(self, step: steps.CancelAll) -> None:
        trader, stage = self._stage.trader(step.client), self._stage
        if trader is None or trader.client is None:
            return
        trouble = stage.side.cancel_all_troubles.get(step.trouble)
        if trouble is not None:
            kind, request = trouble
            stage.venue.fail_next(kind, of=request)
        if step.trouble == "idle":
            _skip_once(stage.venue.exchange.engine, stage.side.nothing_canceled)
        stage.say(trader.name, "cancels all orders")
        stage.happened["cancels of all orders"] += 1
        stage.nursery.start_soon(self._sweep, trader)

    async def _sweep(self, trader: Trader) -> None:
        if trader.client is None:
            return  # it was killed in the turn before
        books, stage, life, since = self._stage.books, self._stage, trader.life, wall_clock()
        books.note(since)
        ended = [placed for placed in books.orders if books.view(placed).end is not None]
        before = [placed for placed in books.orders if placed not in ended]
        try:
            count = await trader.client.cancel_all()
        except TradingError as failure:
            stage.say(trader.name, f"cancel of all orders: {failure}")
            return
        stage.say(trader.name, f"all orders are canceled: {count}")
        books.note(wall_clock())
        ends = [books.view(placed).end for placed in books.orders if placed not in ended]
        await trio.sleep(3.0)
        if trader.life != life or trader.ended is not None:
            return  # nobody was left to read what is open still; a report of closing has named it
        left = frozenset(placed.ids[-1] for placed in before if books.view(placed).end is None)
        canceled = sum(end in CANCELED for end in ends)
        trader.sweeps.append(Sweep(count=count, canceled=canceled, left=left, since=since))

    async def _adopt_others(self, step: steps.Adopt) -> None:
        trader, placed = self._stage.trader(step.client), self._stage.others.get(step.order)
        if trader is None or trader.client is None or placed is None:
            return
        name = f"adopted-{step.order}"
        try:
            reports = await trader.client.open_orders()
        except TradingError as refusal:
            self._stage.say(trader.name, refusal)
            return
        for report in reports:
            if str(report.venue_order_id) in placed.ids and await self._adopt(trader, report, ClientOrderId(name)):
                self._stage.happened["adopted"] += 1
                self._stage.say(trader.name, f"adopts {name}")
                trader.taken_over.append(
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
