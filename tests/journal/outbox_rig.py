"""The outbox of a program with a journal, by itself: what it is given, and what it lets out, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import trio
from attrs import define, field
from trio.testing import wait_all_tasks_blocked

from actors.emitter import Publication, ToEmitter
from actors.journal import Journal
from actors.journal.life import JournalLife
from actors.journaled_outbox import run_journaled_outbox
from actors.outbox import Attach, Decided, Detach, Outlets, ToOutbox
from actors.plumbing.clock import Clock
from actors.plumbing.one_shot import OneShot
from actors.rest import ToRest
from actors.sender import ToSender, Withheld
from protocol.client_order_ids import IdMark
from protocol.dispatch import Decisions, EndLink, Reply, Send
from protocol.dispatch.inputs import Admission
from protocol.dispatch.records import Record
from protocol.errors import NotSent
from protocol.events import Event
from protocol.journal import Life, StoredSession
from protocol.orders import OrderState
from protocol.requests import BatchOrders, CancelOrder, PlaceOrder, Request
from protocol.values import OrderStatus, OrderType, RequestId, Side, TimeInForce

from ..order_records import identity
from .memory_store import MemoryDisk, VirtualThread

__all__ = ["OutboxRig", "cancel", "open_rig", "place", "state_of"]


def place(number: int) -> PlaceOrder:
    return PlaceOrder(
        request_id=RequestId(number),
        symbol="GOLD",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        price=Decimal(100),
        trigger_price=None,
        time_in_force=TimeInForce.GTC,
        post_only=False,
        wire_id=number,
        tag=None,
    )


def cancel(number: int, of: int) -> CancelOrder:
    return CancelOrder(request_id=RequestId(number), venue_order_id=None, wire_id=of)


def state_of(number: int) -> OrderState:
    """What the caller of a placement is answered."""
    return OrderState(
        identity=identity(f"a{number}", number),
        status=OrderStatus.SUBMITTED,
        venue_order_id=None,
        quantity=Decimal(1),
        cumulative=Decimal(0),
        price=Decimal(100),
        trigger_price=None,
        time_in_force=TimeInForce.GTC,
        reason="",
        why=None,
        request_id=RequestId(number),
    )


@define(eq=False)
class OutboxRig:
    """disk: of the journal; seen: everything that left the outbox, in order, and each write of the disk."""

    disk: MemoryDisk
    to_outbox: trio.MemorySendChannel[ToOutbox]
    life: JournalLife
    seen: list[str] = field(factory=list)
    events: list[Event] = field(factory=list)
    answers: dict[str, object] = field(factory=dict)
    nursery: trio.Nursery = field(init=False)

    def decide(self, *records: Record, sends: Sequence[Request | EndLink] = (), replies: Any = None) -> Decisions:
        """One decision of the session's dispatch. replies: the values of answers, by the name of the caller."""
        decisions = Decisions(
            records=list(records),
            sends=[each if isinstance(each, EndLink) else Send(each, 1, Admission.ORDER) for each in sends],
            replies=[Reply(self._caller(name), value) for name, value in (replies or {}).items()],
        )
        self.to_outbox.send_nowait(Decided(1, decisions))
        return decisions

    def _caller(self, name: str) -> OneShot[object]:
        reply: OneShot[object] = OneShot()
        self.nursery.start_soon(self._wait_for, name, reply)
        return reply

    async def _wait_for(self, name: str, reply: OneShot[object]) -> None:
        try:
            self.answers[name] = value = await reply.receive()
        except trio.EndOfChannel:
            self.answers[name], value = None, None
        self.seen.append(f"refused {name}" if isinstance(value, NotSent) else f"answered {name}")

    async def settle(self) -> list[str]:
        """What has happened since the last call, once all stands still. What several tasks did in one turn of the
        scheduler has no order, so it is sorted; what the disk did stands apart."""
        await wait_all_tasks_blocked()
        seen, self.seen = self.seen, []
        on_disk = [each for each in seen if each.startswith(("written", "synced"))]
        assert seen[: len(on_disk)] == on_disk, f"something left before its record was kept: {seen}"
        return on_disk + sorted(seen[len(on_disk) :])

    async def watch_sender(self, frames: trio.MemoryReceiveChannel[ToSender]) -> None:
        async for item in frames:
            if isinstance(item, Withheld):
                self.seen.append(f"withheld {', '.join(map(str, item.news.request_ids))} {item.news.why.value}")
            elif isinstance(item, list):
                for each in item:
                    self.seen.append("end of link" if isinstance(each, EndLink) else f"sent {named(each.request)}")

    async def watch_emitter(self, news: trio.MemoryReceiveChannel[ToEmitter]) -> None:
        async for item in news:
            if isinstance(item, Publication):
                self.events += item.events
                self.seen += [f"told #{event.sequence} {type(event).__name__}" for event in item.events]


def named(request: Request) -> str:
    if isinstance(request, BatchOrders):
        return f"batch {request.request_id}"
    return f"{type(request).__name__} {request.request_id}"


@asynccontextmanager
async def open_rig(disk: MemoryDisk, durability: Any = "process") -> AsyncIterator[OutboxRig]:
    """A new life on this disk, with one session, attached."""
    run_beside = VirtualThread(disk).run_sync
    settings = Journal(path="orders.db", durability=durability, open_store=disk.opener, run_beside=run_beside)
    store = settings.open_store(settings)
    number = len(store.lives) + 1
    session = StoredSession(number=1, venue="TEST", account="A", host="h")
    first = {"first_position": store.last_position + 1, "first_sequence": store.last_sequence + 1}
    store.begin(Life(number=number, tag=f"{number:016x}", began=0, **first), [] if store.sessions else [session])
    to_outbox, inbox = trio.open_memory_channel[ToOutbox](64)
    to_emitter, news = trio.open_memory_channel[ToEmitter](64)
    to_sender, frames = trio.open_memory_channel[ToSender](64)
    to_rest, _ = trio.open_memory_channel[ToRest](64)
    credits, _ = trio.open_memory_channel[Admission](64)
    life = JournalLife(
        store=store,
        path="orders.db",
        number=number,
        mark=IdMark("0" * 16, "0" * 16),
        numbers={1: 1},
        is_beside=durability == "power",
        run_beside=run_beside,
        clock=Clock(),
    )
    rig = OutboxRig(disk, to_outbox, life)
    disk.watch = lambda what, write: rig.seen.append(f"{what} {len(write.rows)}") if write.rows else None
    async with trio.open_nursery() as nursery:
        rig.nursery = nursery
        nursery.start_soon(rig.watch_sender, frames)
        nursery.start_soon(rig.watch_emitter, news)
        ended = trio.Event()

        async def outbox() -> None:
            await run_journaled_outbox(inbox, to_emitter, life)
            ended.set()

        nursery.start_soon(outbox)
        await to_outbox.send(Attach(1, Outlets(sender=to_sender, rest=to_rest, credits=credits)))
        yield rig
        await to_outbox.send(Detach(1))
        to_outbox.close()
        await ended.wait()
        await wait_all_tasks_blocked()
        store.close()
