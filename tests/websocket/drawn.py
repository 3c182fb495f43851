"""Drawn streams of a server, and how they are delivered."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import trio
from attrs import frozen
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from actors.websocket import SocketClosed

from .rig import Ending, Message, ScriptedPeer, Transport, linked, receive_within
from .wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, cut, frame, head

LIMIT: Final = 3000
"""Bytes of one message; the drawn ones are shorter."""

# Stories: messages, in frames


@frozen
class Step:
    """One frame, and what is complete with it."""

    sent: bytes
    inside: int = 0
    """Opcode of the message that is unfinished before this frame; 0: there is none."""
    message: Message | None = None
    ping: bytes | None = None


payloads: st.SearchStrategy[Message] = st.one_of(
    st.text(max_size=12),
    st.binary(max_size=12),
    st.integers(100, 400).map(lambda length: "x" * length),
    st.sampled_from(["", b"", "ü" * 63, "€" * 42, "\U0001f600" * 40, bytes(126), "y" * 125, "z" * 126]),
)
controls = st.lists(st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=4)), max_size=2)


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    steps: list[Step] = []
    for _ in range(draw(st.integers(0, 6))):
        message = draw(payloads)
        data = message.encode() if isinstance(message, str) else message
        opcode = TEXT if isinstance(message, str) else BINARY
        parts = cut(data, draw(st.lists(st.integers(0, 500), max_size=4)))
        for index, part in enumerate(parts):
            inside = opcode if index else 0
            for control, payload in draw(controls):
                steps.append(Step(frame(control, payload), inside, ping=payload if control == PING else None))
            last = index == len(parts) - 1
            sent = frame(CONTINUATION if index else opcode, part, fin=last)
            steps.append(Step(sent, inside, message if last else None))
    return steps


def bytes_of(steps: list[Step]) -> bytes:
    return b"".join(step.sent for step in steps)


# Broken rules

ANYWHERE: Final = {
    "a reserved bit": (frame(PING, rsv=2), 1002),
    "a reserved opcode": (frame(4, "x"), 1002),
    "a reserved control frame": (frame(12), 1002),
    "a mask": (head(PONG, 1, masked=True) + b"abcde", 1002),
    "a long control frame": (frame(PING, bytes(126)), 1002),
    "a control frame in fragments": (frame(PONG, fin=False), 1002),
    "a length of too many bytes": (frame(PING, b"x", form=16), 1002),
    "half a code": (frame(CLOSE, b"\x03"), 1002),
    "a code that is none": (close_frame(1005), 1002),
    "a reason that is no text": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
}
OUTSIDE: Final = {
    "a continuation of nothing": (frame(CONTINUATION, "x"), 1002),
    "no text": (frame(TEXT, b"\xe2\x82"), 1007),
    "no text, with more to come": (frame(TEXT, b"\xe2\x28", fin=False), 1007),
    "too long a text": (frame(TEXT, "x" * (LIMIT + 1)), 1009),
    "too long a beginning": (frame(BINARY, bytes(LIMIT + 1), fin=False), 1009),
    "text with a reserved bit": (frame(TEXT, "x", rsv=4), 1002),
    "text with a mask": (head(TEXT, 1, masked=True) + b"abcde", 1002),
    "a length of eight bytes for one": (frame(TEXT, "x", form=64), 1002),
}
INSIDE: Final = {
    "another text": (frame(TEXT, "x"), 1002),
    "another binary": (frame(BINARY, fin=False), 1002),
}
INSIDE_A_BINARY: Final = {"too long a rest": (frame(CONTINUATION, bytes(LIMIT + 1)), 1009)}
INSIDE_A_TEXT: Final = {"a rest that is no text": (frame(CONTINUATION, b"x\xff", fin=False), 1007)}


@st.composite
def broken_stories(draw: st.DrawFn) -> tuple[list[Step], bytes, int]:
    """What comes before the broken rule, the bytes of the whole, and the code."""
    steps = draw(stories())
    place = draw(st.integers(0, len(steps)))
    inside = steps[place].inside if place < len(steps) else 0
    here = {0: OUTSIDE, TEXT: INSIDE | INSIDE_A_TEXT, BINARY: INSIDE | INSIDE_A_BINARY}
    rules = ANYWHERE | here[inside]
    offence, code = rules[draw(st.sampled_from(sorted(rules)))]
    return steps[:place], bytes_of(steps[:place]) + offence + bytes_of(steps[place:]), code


# Garbage

heads = st.builds(
    head,
    st.integers(0, 15),
    st.integers(0, 20) | st.sampled_from([125, 126, 127, 200, LIMIT + 1, 65535, 65536, 1 << 63, (1 << 64) - 1]),
    fin=st.booleans(),
    rsv=st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2, 4, 7]),
    masked=st.sampled_from([False] * 7 + [True]),
)
closes = st.builds(
    lambda code, reason: frame(CLOSE, code.to_bytes(2, "big") + reason), st.integers(0, 65535), st.binary(max_size=5)
)
whole_frames = st.builds(
    frame, st.sampled_from([0, 1, 2, 9, 10]), st.binary(max_size=12) | st.text(max_size=8), fin=st.booleans()
)
texts = st.text(max_size=12).map(lambda text: frame(TEXT, text))
garbage = st.lists(st.one_of(texts, whole_frames, st.binary(max_size=12), heads, closes), max_size=8).map(b"".join)


# Delivery


@frozen
class Delivery:
    """with_acceptance: whether the first part comes in one write with the acceptance; places: where writes end; pauses:
    what is done after a write; 0 to 3: turns of the scheduler; 4: the client deals with it; 5: a second passes;
    patience: turns after which each receive is canceled, one after another."""

    with_acceptance: bool
    places: list[int]
    pauses: list[int]
    patience: list[int]


deliveries = st.builds(
    Delivery,
    with_acceptance=st.booleans(),
    places=st.lists(st.integers(0, 4000), max_size=12),
    pauses=st.lists(st.integers(0, 5), max_size=12),
    patience=st.lists(st.integers(0, 6), max_size=6),
)
byte_by_byte = Delivery(False, list(range(4000)), [], [])


@frozen
class Heard:
    """What became of a stream: what our side received and how that ended, and the frames that the peer read."""

    messages: list[Message]
    ending: Ending
    reason: str
    frames: list[tuple[int, bytes]]

    @property
    def pongs(self) -> list[bytes]:
        return [payload for opcode, payload in self.frames if opcode == PONG]

    @property
    def closes(self) -> list[bytes]:
        return [payload for opcode, payload in self.frames if opcode == CLOSE]


async def pause(kind: int) -> None:
    if kind == 5:
        await trio.sleep(1)
    elif kind == 4:
        await wait_all_tasks_blocked()
    for _ in range(kind % 4):
        await trio.lowlevel.checkpoint()


async def hear(transport: Transport, sent: bytes, delivery: Delivery, ends: bool = True) -> Heard:
    """ends: a FIN follows the bytes."""
    parts = cut(sent, delivery.places)
    first = parts.pop(0) if delivery.with_acceptance else b""
    frames: list[tuple[int, bytes]] = []
    messages: list[Message] = []

    async def write(peer: ScriptedPeer) -> None:
        with suppress(trio.BrokenResourceError):
            for index, part in enumerate(parts):
                await peer.send(part)
                await pause(delivery.pauses[index % len(delivery.pauses)] if delivery.pauses else 0)
            if ends:
                await peer.stream.send_eof()

    async def read(peer: ScriptedPeer) -> None:
        frames.extend(await peer.read_rest())

    with trio.fail_after(100):
        async with linked(transport, first, max_message_size=LIMIT) as (socket, peer), trio.open_nursery() as nursery:
            nursery.start_soon(write, peer)
            nursery.start_soon(read, peer)
            for turns in delivery.patience:
                messages += await receive_within(socket, turns)
            try:
                while True:
                    messages += await socket.receive_batch()
            except SocketClosed as closed:
                ending, reason = Ending.of(closed), closed.reason
            await wait_all_tasks_blocked()
            socket.abort()
    return Heard(messages, ending, reason, frames)
