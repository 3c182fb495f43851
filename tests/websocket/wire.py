"""RFC 6455 on the level of bytes, written from its text: what a venue may write and what a client must write.

Nothing here shares code with what is tested.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "PING",
    "PONG",
    "TEXT",
    "ClientFrame",
    "ClientFrames",
    "close_frame",
    "cut",
    "frame",
    "fragments",
    "head",
]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
SENT_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014)
"""Close codes below 3000 that an endpoint may send: the registry of section 11.7."""


def head(opcode: int, length: int, *, fin: bool = True, rsv: int = 0, masked: bool = False, form: int = 0) -> bytes:
    """The head of a frame. form: bits of the length (7, 16 or 64); 0: as few as the length needs."""
    form = form or (7 if length < 126 else 16 if length < 65536 else 64)
    mark = length if form == 7 else 126 if form == 16 else 127
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    more = b"" if form == 7 else length.to_bytes(form // 8, "big")
    return bytes((first, mark | (0x80 if masked else 0))) + more


def frame(opcode: int, payload: bytes | str = b"", *, fin: bool = True, rsv: int = 0, form: int = 0) -> bytes:
    """One frame of a server."""
    data = payload.encode() if isinstance(payload, str) else payload
    return head(opcode, len(data), fin=fin, rsv=rsv, form=form) + data


def close_frame(code: int, reason: str = "") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason.encode())


def fragments(opcode: int, parts: Iterable[bytes]) -> list[bytes]:
    """One message in as many frames as there are parts, at least one."""
    pieces = list(parts) or [b""]
    return [
        frame(CONTINUATION if index else opcode, piece, fin=index == len(pieces) - 1)
        for index, piece in enumerate(pieces)
    ]


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The data in parts that end at these places, each taken modulo its length."""
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@frozen
class ClientFrame:
    opcode: int
    payload: bytes
    mask: bytes


class ClientFrames:
    """Reads what a client writes. What a client must not write is an AssertionError that names the rule."""

    def __init__(self) -> None:
        self._unread = bytearray()
        self._in_message = False
        self._closed = False

    @property
    def is_inside_a_frame(self) -> bool:
        return bool(self._unread)

    def read(self, data: bytes) -> list[ClientFrame]:
        """The frames that these bytes complete."""
        self._unread += data
        frames = []
        while (found := self._next()) is not None:
            self._check(found[0], found[1])
            frames.append(found[1])
        return frames

    def _next(self) -> tuple[bool, ClientFrame] | None:
        unread = self._unread
        if len(unread) < 2:
            return None
        assert not unread[0] & 0x70, "5.2: a reserved bit is set and no extension was agreed on"
        assert unread[1] & 0x80, "5.1: a client must mask every frame"
        length, start = unread[1] & 0x7F, 2
        if length > 125:
            start = 4 if length == 126 else 10
            if len(unread) < start:
                return None
            length = int.from_bytes(unread[2:start], "big")
            assert length >= (126 if start == 4 else 65536), "5.2: the length must take as few bytes as it can"
            assert length < 1 << 63, "5.2: the first bit of a length must be 0"
        end = start + 4 + length
        if len(unread) < end:
            return None
        mask = bytes(unread[start : start + 4])
        payload = _masked(bytes(unread[start + 4 : end]), mask)
        final, opcode = bool(unread[0] & 0x80), unread[0] & 0x0F
        del unread[:end]
        return final, ClientFrame(opcode, payload, mask)

    def _check(self, final: bool, found: ClientFrame) -> None:
        assert not self._closed, "5.5.1: nothing may follow a Close frame"
        assert found.opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG), "5.2: the opcode is reserved"
        if found.opcode & 8:
            assert final, "5.5: a control frame must not be fragmented"
            assert len(found.payload) <= 125, "5.5: a control frame has at most 125 bytes"
        else:
            assert self._in_message == (found.opcode == CONTINUATION), "5.4: fragments of two messages are mixed"
            self._in_message = not final
        if found.opcode == TEXT and final:
            found.payload.decode()
        if found.opcode == CLOSE:
            self._closed = True
            check_close(found.payload)


def _masked(payload: bytes, mask: bytes) -> bytes:
    """Section 5.3: each byte with one of the mask, in turn. Numbers of any length are quick at it."""
    keys = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(len(payload), "big")


def check_close(payload: bytes) -> None:
    assert len(payload) != 1, "5.5.1: a Close frame has no payload or begins with a code of two bytes"
    if payload:
        code = int.from_bytes(payload[:2], "big")
        assert code in SENT_CODES or 3000 <= code < 5000, "7.4: the code must not be sent"
        payload[2:].decode()
