"""What any client must make of a server's bytes, by RFC 6455: the messages, the pings, and how it may end.

The RFC leaves open how early a broken rule is noticed. So there can be several right endings: of a frame that breaks
two rules either may be named, and one that is cut off by the end of the connection may have been noticed or not.
"""

from __future__ import annotations

import codecs
from collections.abc import Set

from attrs import Factory, define, frozen

from .rig import Ending, Message
from .wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

__all__ = ["Reading", "reading"]

LOST = Ending(None, by_peer=True)
OPCODES = (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)
CODES = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}


@frozen
class Reading:
    """endings: without `by_peer` where a rule is broken: whether a FIN behind it is seen is chance."""

    messages: list[Message]
    pings: list[bytes]
    endings: Set[Ending]


@frozen
class _Frame:
    """As much of a frame as is there. broken: a rule of the head is; end: None where the frame is not complete."""

    opcode: int
    fin: bool
    length: int
    payload: bytes
    broken: bool
    end: int | None


@define
class _Reader:
    limit: int
    messages: list[Message] = Factory(list)
    pings: list[bytes] = Factory(list)
    opcode: int = 0  # of the message that is not complete; 0: there is none
    parts: bytes = b""

    def wrong(self, found: _Frame) -> set[int]:
        """Codes of the rules that this frame breaks in its place."""
        wrong = {1002} if found.broken else set()
        if found.opcode == CLOSE:
            return wrong | _wrong_close(found)
        if found.opcode & 8:
            return wrong
        if (found.opcode == CONTINUATION) != bool(self.opcode):
            wrong.add(1002)
        if len(self.parts) + found.length > self.limit:
            wrong.add(1009)
        if (found.opcode or self.opcode) == TEXT:
            text = found.payload if found.opcode else self.parts + found.payload
            if not _is_text(text, found.fin and found.end is not None):
                wrong.add(1007)
        return wrong

    def take(self, found: _Frame) -> None:
        if found.opcode == PING:
            self.pings.append(found.payload)
        if found.opcode & 8:
            return
        self.opcode = found.opcode or self.opcode
        self.parts += found.payload
        if found.fin:
            self.messages.append(self.parts.decode() if self.opcode == TEXT else self.parts)
            self.opcode, self.parts = 0, b""


def reading(data: bytes, limit: int) -> Reading:
    """What comes of these bytes and the end of the connection behind them."""
    reader, at = _Reader(limit), 0
    while (found := _frame(data, at)) is not None:
        endings = {Ending(code, violation=True) for code in reader.wrong(found)}
        if found.end is None:
            endings.add(LOST)
        elif not endings and found.opcode == CLOSE:
            endings.add(Ending(int.from_bytes(found.payload[:2], "big") if found.payload else 1005, by_peer=True))
        if endings:
            return Reading(reader.messages, reader.pings, endings)
        assert found.end is not None
        reader.take(found)
        at = found.end
    return Reading(reader.messages, reader.pings, {LOST})


def _frame(data: bytes, at: int) -> _Frame | None:
    """The frame that begins here; None at the end of the data."""
    rest = data[at:]
    if not rest:
        return None
    opcode, fin = rest[0] & 0x0F, bool(rest[0] & 0x80)
    broken = bool(rest[0] & 0x70) or opcode not in OPCODES or (opcode > 7 and not fin)
    if len(rest) < 2:
        return _Frame(opcode, fin, 0, b"", broken, None)
    short = rest[1] & 0x7F
    start = 2 + {126: 2, 127: 8}.get(short, 0)
    broken = broken or bool(rest[1] & 0x80) or (opcode > 7 and short > 125)
    if len(rest) < start:
        return _Frame(opcode, fin, 0, b"", broken, None)
    length = short if start == 2 else int.from_bytes(rest[2:start], "big")
    least = {2: 0, 4: 126, 10: 65536}[start]
    broken = broken or length < least or length >= 1 << 63
    payload = rest[start : start + length]
    return _Frame(opcode, fin, length, payload, broken, at + start + length if len(payload) == length else None)


def _wrong_close(found: _Frame) -> set[int]:
    if found.end is None or not found.payload:
        return set()
    wrong = set()
    if int.from_bytes(found.payload[:2], "big") not in CODES or len(found.payload) == 1:
        wrong.add(1002)
    if not _is_text(found.payload[2:], True):
        wrong.add(1007)
    return wrong


def _is_text(data: bytes, is_whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, is_whole)
    except UnicodeDecodeError:
        return False
    return True
