"""A whole life: drawn calls of ours at drawn times against a peer that does drawn things. It always comes to an end."""

from __future__ import annotations

from contextlib import suppress

import trio
from attrs import Factory, define, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.websocket import Socket, SocketClosed

from .drawn import LIMIT, garbage
from .model import reading
from .rig import TRANSPORTS, Ending, Message, ScriptedPeer, Transport, in_virtual_time, linked
from .wire import CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame

PATIENCE = 20.0
"""Seconds after which our side has had enough in any case. Nothing that is drawn lasts as long."""

times = st.sampled_from([0, 0, 0.001, 0.009, 0.5, 1])
patience = st.none() | st.sampled_from([0, 0.001, 0.3])
sizes = st.sampled_from([0, 5, 125, 126, 600])


@frozen
class Act:
    """Something that one task does, after so many seconds. size: bytes; patience: seconds until it is canceled."""

    name: str
    after: float
    size: int = 0
    patience: float | None = None


@frozen
class Life:
    """What each task does in turn: ours that receives, that sends, that ends; the peer's that writes, that reads."""

    capacity: int
    receiving: list[Act]
    sending: list[Act]
    ending: Act
    writing: list[tuple[bytes, float]]
    reading: list[float]
    """Seconds before each read. After them the peer reads on; or not, if there are none."""
    leaving: str


bits = st.one_of(
    st.sampled_from(
        [
            frame(TEXT, "a"),
            frame(TEXT, "ü" * 200) * 3,
            frame(TEXT, "be", fin=False),
            frame(CONTINUATION, "gun"),
            frame(PING, b"p"),
            frame(PING, bytes(100)) * 10,
            frame(PONG),
            close_frame(1001, "over"),
            frame(CLOSE),
            frame(TEXT, b"\xff"),
            frame(3),
            frame(TEXT, "x" * (LIMIT + 1)),
            frame(TEXT, "half")[:3],
        ]
    ),
    garbage,
)
lives = st.builds(
    Life,
    capacity=st.sampled_from([20, 200, 65536]),
    receiving=st.lists(st.builds(Act, st.just("receive"), times, patience=patience), max_size=6),
    sending=st.lists(st.builds(Act, st.sampled_from(["send", "send", "ping"]), times, sizes, patience), max_size=5),
    ending=st.builds(
        Act, st.sampled_from(["close", "close", "abort", "leave", "close twice"]), times, patience=patience
    ),
    writing=st.lists(st.tuples(bits, times), max_size=6),
    reading=st.lists(times, max_size=6),
    leaving=st.sampled_from(["stays", "fin", "closes"]),
)


@define
class Record:
    """What happened. Only SocketClosed may have been raised: anything else fails the test by itself."""

    messages: list[Message] = Factory(list)
    endings: list[Ending] = Factory(list)
    sent: list[str] = Factory(list)  # texts whose send returned
    written: bytearray = Factory(bytearray)
    frames: list[tuple[int, bytes]] = Factory(list)


async def act(socket: Socket, what: Act, number: int, record: Record) -> None:
    await trio.sleep(what.after)
    with trio.move_on_after(PATIENCE if what.patience is None else what.patience):
        try:
            if what.name == "receive":
                record.messages += await socket.receive_batch()
            elif what.name == "ping":
                await socket.ping()
            else:
                text = f"{number}-" + "x" * what.size
                await socket.send(text)
                record.sent.append(text)
        except SocketClosed as closed:
            record.endings.append(Ending.of(closed))


async def our_calls(socket: Socket, acts: list[Act], record: Record) -> None:
    for number, what in enumerate(acts):
        await act(socket, what, number, record)


async def our_ending(socket: Socket, what: Act) -> None:
    await trio.sleep(what.after)
    with trio.move_on_after(PATIENCE if what.patience is None else what.patience):
        if what.name == "abort":
            socket.abort()
        elif what.name.startswith("close"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(socket.close)
                if what.name == "close twice":
                    nursery.start_soon(socket.close, 0.5)


async def peers_writes(peer: ScriptedPeer, life: Life, record: Record) -> None:
    with suppress(trio.BrokenResourceError):
        for data, after in life.writing:
            await trio.sleep(after)
            record.written += data
            await peer.send(data)
        if life.leaving == "fin":
            await peer.stream.send_eof()
    if life.leaving == "closes":
        await peer.stream.aclose()


async def peers_reads(peer: ScriptedPeer, life: Life, record: Record) -> None:
    if not life.reading:
        return
    with suppress(trio.ClosedResourceError):
        for seconds in life.reading:
            await trio.sleep(seconds)
            if (came := await peer.read_frame()) is None:
                return
            record.frames.append(came)
        record.frames += await peer.read_rest()


async def live(transport: Transport, life: Life) -> Record:
    record = Record()
    async with linked(transport, capacity=life.capacity, max_message_size=LIMIT) as (socket, peer):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(peers_reads, peer, life, record)
            nursery.start_soon(peers_writes, peer, life, record)
            async with trio.open_nursery() as ours:
                ours.start_soon(our_calls, socket, life.receiving, record)
                ours.start_soon(our_calls, socket, life.sending, record)
                ours.start_soon(our_ending, socket, life.ending)
                ours.start_soon(trio.sleep, sum(after for _, after in life.writing))
            await _after_all(socket, record)
            if life.reading:
                await trio.sleep(PATIENCE)  # the peer reads what is left
            nursery.cancel_scope.cancel()
    return record


async def _after_all(socket: Socket, record: Record) -> None:
    """Dropped, it gives what it still holds, then its ending: always the same one, and at once."""
    socket.abort()
    began = trio.current_time()
    endings = []
    for _ in range(3):
        try:
            while True:
                record.messages += await socket.receive_batch()
        except SocketClosed as closed:
            endings.append(Ending.of(closed))
    for call in (socket.send("too late"), socket.ping()):
        try:
            await call
        except SocketClosed as closed:
            endings.append(Ending.of(closed))
    assert len(endings) == 5, "it was sent though the connection was dropped"
    assert len(set(endings)) == 1
    assert not endings[0].begun
    await socket.close()
    assert trio.current_time() == began
    record.endings += endings


async def bounded(transport: Transport, life: Life) -> Record:
    with trio.fail_after(20 * PATIENCE):
        return await live(transport, life)


@settings(max_examples=80)
@given(st.random_module(), lives)
def test_every_life_comes_to_an_end(schedule: object, life: Life) -> None:
    for transport in TRANSPORTS:
        record: Record = in_virtual_time(bounded, transport, life)
        right = reading(bytes(record.written), LIMIT)
        assert record.messages == right.messages[: len(record.messages)], "received: in order, whole, and each once"
        texts = [payload.decode() for opcode, payload in record.frames if opcode == TEXT]
        assert record.sent[: len(texts)] == texts[: len(record.sent)], "sent: in order and each once"
        if life.reading and life.leaving != "closes":
            assert len(texts) >= len(record.sent), "what a send returned from is out"
        codes = {ending.code for ending in record.endings}
        assert codes <= {ending.code for ending in right.endings} | {None}
        for ending in record.endings:
            assert not (ending.ours and (ending.code is not None or ending.violation))
            assert not ending.violation or ending.code in (1002, 1007, 1009)
