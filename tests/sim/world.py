"""What happens to the clients of a story: other traders, other sessions of the account, the venue and the network."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import trio
from attrs import define

from actors import ClientOrderId
from protocol.simulation.faults import FaultKind
from protocol.values import Instant, Side

from . import steps
from .stage import Doing, Stage
from .venues import OtherOrder

__all__ = ["World"]


@define(eq=False)
class World:
    """All but the clients."""

    _stage: Stage

    @property
    def doing(self) -> Doing:
        sky = (steps.Deaf, steps.Mute, steps.Cut, steps.Heal, steps.SilenceRest, steps.SlowRest)
        return {
            steps.Trade: self._trade,
            steps.Burst: self._burst,
            steps.Rest: self._rest,
            steps.OtherPlaces: self._other_places,
            steps.OtherChanges: self._other_changes,
            steps.OtherCancels: self._other_cancels,
            steps.MovePrice: self._move_price,
            steps.RestartVenue: self._restart_venue,
            steps.RefusePages: self._refuse_pages,
            steps.DropSockets: self._drop_sockets,
            steps.LoseWords: self._lose_words,
            **dict.fromkeys(sky, self._network_does),
        }

    # Others at the venue

    async def _act(self, text: str, action: Callable[..., Any], *arguments: Any) -> None:
        self._stage.say("venue", text)
        await self._stage.venue.act(lambda exchange, now: action(exchange, now, *arguments))

    async def _others_act(self, text: str, action: Callable[..., Any], *arguments: Any) -> None:
        def others_turn(exchange: Any, now: Instant) -> Any:
            self._stage.books.note(now.wall_ns)
            self._stage.books.others_turn = True
            try:
                return action(exchange, now, *arguments)
            finally:
                self._stage.books.note(now.wall_ns)
                self._stage.books.others_turn = False

        await self._act(text, others_turn)

    async def _trade(self, step: steps.Trade) -> None:
        placed = self._stage.placed(step.order)
        view = None if placed is None else self._stage.books.view(placed)
        if view is None or view.end is not None or view.price is None:
            self._stage.say("venue", f"nobody trades with order {step.order}: it is not open")
            return
        units = (view.quantity - view.filled) * step.percent / 100 // self._stage.side.market.unit
        await self._trade_with(view.side, view.price, max(units, Decimal(1)) * self._stage.side.market.unit, step.order)

    async def _trade_with(self, side: Side, price: Decimal, quantity: Decimal, order: int) -> None:
        self._stage.say("venue", f"somebody trades {quantity} at {price} with order {order}")
        await self._stage.venue.trade(self._stage.side.market.symbol, side.opposite, price=price, quantity=quantity)

    async def _burst(self, step: steps.Burst) -> None:
        self._stage.say("venue", f"{step.count} trades with order {step.order} begin")
        self._stage.nursery.start_soon(self._trade_many, step)

    async def _trade_many(self, step: steps.Burst) -> None:
        for _ in range(step.count):
            placed = self._stage.placed(step.order)
            view = None if placed is None else self._stage.books.view(placed)
            if view is None or view.end is not None or view.price is None:
                return
            unit = self._stage.side.market.unit
            await self._stage.venue.trade(
                self._stage.side.market.symbol, view.side.opposite, price=view.price, quantity=unit
            )
            await trio.sleep(step.seconds / step.count)

    async def _rest(self, step: steps.Rest) -> None:
        market = self._stage.side.market
        price, quantity = market.reference + step.price * market.step, step.quantity * market.unit
        self._stage.say("venue", f"somebody leaves {step.side.name} {quantity} at {price}")
        await self._stage.venue.trade(market.symbol, step.side, price=price, quantity=quantity, rest=True)

    async def _other_places(self, step: steps.OtherPlaces) -> None:
        market = self._stage.side.market
        wire_id = None
        if step.name is not None:
            wire_id = self._stage.venue.config().venue().wire_id(ClientOrderId(step.name))
            self._stage.names[wire_id] = step.name
        price, quantity = market.reference + step.price * market.step, step.quantity * market.unit
        before = len(self._stage.books.orders)
        text = f"another session places {step.side.name} {quantity} at {price}, named {step.name}"
        await self._others_act(text, self._stage.side.place, OtherOrder(step.side, quantity, price, wire_id))
        made = [placed for placed in self._stage.books.orders[before:] if placed.by_other]
        if made:
            self._stage.others[step.order] = made[0]

    async def _other_changes(self, step: steps.OtherChanges) -> None:
        placed = self._stage.placed(step.order)
        view = None if placed is None else self._stage.books.view(placed)
        if placed is None or view is None or view.end is not None:
            return
        self._stage.happened["changed by others"] += 1
        placed.changed_by_other = True
        quantity = None
        if step.percent is not None:
            units = (view.quantity - view.filled) * step.percent / 100 // self._stage.side.market.unit
            quantity = max(units, Decimal(1)) * self._stage.side.market.unit
        price = None if step.price is None else self._stage.nearer(placed, step.price)
        text = f"another session changes order {step.order}: {quantity} to fill, price {price}"
        await self._others_act(text, self._stage.side.change, self._stage.books.kept(placed), quantity, price)

    async def _other_cancels(self, step: steps.OtherCancels) -> None:
        placed = self._stage.placed(step.order)
        if placed is None or self._stage.books.view(placed).end is not None:
            return
        self._stage.happened["changed by others"] += 1
        text = f"another session cancels order {step.order}"
        await self._others_act(text, self._stage.side.cancel, self._stage.books.kept(placed))

    async def _move_price(self, step: steps.MovePrice) -> None:
        market = self._stage.side.market
        price = market.reference + step.price * market.step
        assert self._stage.side.move_price is not None
        await self._act(f"the price is {price}", self._stage.side.move_price, price)

    async def _refuse_pages(self, step: steps.RefusePages) -> None:
        self._stage.say("venue", f"the next {step.count} readings of history will be refused")
        for path in self._stage.side.histories:
            for _ in range(step.count):
                self._stage.venue.fail_next(FaultKind.REST_ERROR, of=path)

    async def _lose_words(self, step: steps.LoseWords) -> None:
        self._stage.say("venue", f"the next {step.count} messages about orders never come")
        for _ in range(step.count):
            self._stage.venue.fail_next(FaultKind.DROP_EVENT)

    async def _drop_sockets(self, step: steps.DropSockets) -> None:
        self._stage.happened["outages"] += 1
        await self._act("every socket is cut, REST goes on", lambda exchange, _: exchange.close_all(None))

    async def _restart_venue(self, step: steps.RestartVenue) -> None:
        self._stage.happened["restarts of the venue"] += 1
        self._stage.network.cut(late=None)
        await trio.sleep(0.1)  # the sessions end

        def restart(exchange: Any, now: Instant) -> Any:
            exchange.restarted(now)
            return ()

        await self._act("the venue is started anew", restart)

    # The network

    async def _network_does(self, step: steps.Step) -> None:
        late = f", what is on its way comes {step.late} s later" if isinstance(step, steps.Cut) and step.late else ""
        self._stage.say("network", type(step).__name__ + late)
        match step:
            case steps.Deaf():
                self._stage.network.is_deaf = True
            case steps.Mute():
                self._stage.network.is_deaf = self._stage.network.is_mute = True
            case steps.SilenceRest():
                self._stage.network.rest_is_silent = True
            case steps.SlowRest(seconds=seconds):
                self._stage.network.slow = seconds
            case steps.Cut():
                self._stage.network.cut(step.late)
            case steps.Heal():
                self._stage.network.heal()
