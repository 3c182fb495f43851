"""One WebSocket as bytes: frames that come in become messages and answers, texts that go out become frames.

Nothing waits in here. The core of the package websockets judges the peer by RFC 6455. Complete, final, unmasked text
frames outside a fragmented message are cut out by hand, though: they are nearly all that a venue sends, and the core
takes eight times as long for one. Every other frame goes through the core.

Compression (permessage-deflate, RFC 7692) is not offered. Measured with fills of AX of 438 bytes, all different: it
leaves 0.22 of the bytes, and a message takes 8.4 µs instead of 0.55 (the core without it: 4.2).
"""

from __future__ import annotations

import codecs
import logging
import os
from collections import deque
from typing import Final

from websockets.client import ClientProtocol
from websockets.frames import Close, Frame
from websockets.protocol import OPEN
from websockets.uri import WebSocketURI

from protocol.close_codes import is_close_code

from .seam import SocketOptions
from .upgrade import UpgradeRequest

try:
    from websockets.speedups import apply_mask
except ImportError:  # the package was installed without its part in C
    from websockets.utils import apply_mask

__all__ = ["Frames", "ping_frame", "text_frame"]

FINAL: Final = 0x80
RESERVED: Final = 0x70
OPCODE: Final = 0x0F
CONTROL: Final = 0x08
MASKED: Final = 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
OPCODES: Final = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
FINAL_TEXT: Final = FINAL | TEXT
CONTROL_LIMIT: Final = 125
"""Bytes of payload that a control frame may have."""
TWO_MORE: Final = 126
EIGHT_MORE: Final = 127
"""Lengths in the second byte of a frame that say that two or eight bytes of length follow (RFC 6455, 5.2)."""
EXTRA: Final = {TWO_MORE: 2, EIGHT_MORE: 8}
MOST_ANSWERS: Final = 512
"""Pongs that wait to be written. Of more the newest are kept, as RFC 6455 (5.5.3) allows."""
MOST_AT_ONCE: Final = 500
"""Frames that the core is given without a pause; a read can hold thousands of empty ones."""
PROTOCOL_ERROR: Final = 1002
INVALID_DATA: Final = 1007
TOO_LONG: Final = 1009


def _silent_logger() -> logging.Logger:
    """The core logs the headers of the upgrade, and with them the bearer token."""
    logger = logging.Logger("trio_orders.silent", logging.CRITICAL + 1)
    logger.disabled, logger.propagate = True, False
    return logger


SILENT: Final = _silent_logger()


def text_frame(text: str) -> bytes:
    """A text message as one frame of a client. Raises UnicodeEncodeError for half a surrogate pair."""
    return _masked(FINAL_TEXT, text.encode())


def ping_frame(payload: bytes) -> bytes:
    """A ping of a client. payload: at most 125 bytes."""
    return _masked(FINAL | PING, payload)


def _masked(first: int, payload: bytes) -> bytes:
    size, mask = len(payload), os.urandom(4)
    if size < TWO_MORE:
        head = bytes((first, MASKED | size))
    elif size < 65536:
        head = bytes((first, MASKED | TWO_MORE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, MASKED | EIGHT_MORE)) + size.to_bytes(8, "big")
    return head + mask + apply_mask(payload, mask)


class Frames:
    """The state of one connection, on the level of frames.

    messages: complete ones, until they are taken; answers: pongs to be written; last_frame: the Close frame to be
    written behind them, b"" for none; ended: nothing that comes is read any more, for the peer closed or broke a rule;
    unfinished: bytes that have come of a message that is not complete; code, reason: of the peer's Close, or with
    violation of ours; has_more: there are frames in hand that were not looked at yet, so that others may run first.
    """

    def __init__(self, request: UpgradeRequest, options: SocketOptions) -> None:
        path, _, query = request.resource.partition("?")
        uri = WebSocketURI(request.tls, request.name, request.port, path, query)
        self._core = ClientProtocol(uri, max_size=None, logger=SILENT)
        self._limit = options.max_message_size
        self.messages: list[str | bytes] = []
        self.answers: deque[bytes] = deque(maxlen=MOST_ANSWERS)
        self.last_frame = b""
        self.ended = False
        self.has_more = False
        self.code: int | None = None
        self.reason = ""
        self.violation = False
        self._rest = b""  # the beginning of a head or of a control frame
        self._owed = 0  # bytes that are to come of the frame that the core has begun
        self._frame_size = 0
        self._is_data = False  # whether that frame is one of a message
        self._parts: bytearray | None = None  # of a fragmented message; None while none is under way
        self._decoder: codecs.IncrementalDecoder | None = None  # checks its text; None: it is binary
        self.unfinished = 0

    # The upgrade

    def request(self, request: UpgradeRequest) -> bytes:
        """The bytes that ask for the upgrade."""
        asked = self._core.connect()
        del asked.headers["Host"]
        asked.headers["Host"] = request.host
        for key, value in request.headers:
            asked.headers[key] = value
        self._core.send_request(asked)
        return b"".join(self._core.data_to_send())

    def accepts(self, head: bytes) -> bool:
        """Whether this is the head of an answer that upgrades our connection."""
        self._core.receive_data(head)
        self._core.events_received()
        return self._core.state is OPEN

    # Our own frames

    def close_frame(self, code: int) -> bytes:
        """Our Close, with which the closing handshake begins."""
        self._core.send_close(code)
        return b"".join(self._core.data_to_send())

    # What comes in

    def feed(self, data: bytes) -> None:
        """Takes what one read delivered; after `has_more`, b"" first. Call it no more once `ended` is set."""
        at = self._feed_owed(data) if self._owed else 0
        if self._rest:
            data, self._rest = self._rest + data, b""
        end, judged = len(data), 0
        while at < end and not self.ended:
            if self._parts is None:
                at = self._cut_texts(data, at, end)
            if at < end and not self.ended:
                at = self._feed_frame(data, at, end)
                judged += 1
                if judged == MOST_AT_ONCE:
                    self._rest = data[at:] + self._rest
                    break
        self.has_more = judged == MOST_AT_ONCE and not self.ended
        self._note_unfinished()

    def _cut_texts(self, data: bytes, at: int, end: int) -> int:
        """Takes whole text messages, as far as there is nothing else; gives where that is. Each step of it is taken
        once a message."""
        limit, append = self._limit, self.messages.append
        while end - at > 1:
            size = data[at + 1]
            if size < TWO_MORE:
                start = at + 2
            elif size == TWO_MORE and end - at > 3:
                size, start = data[at + 2] << 8 | data[at + 3], at + 4
                if size < TWO_MORE:
                    break
            else:
                break
            stop = start + size
            if data[at] != FINAL_TEXT or stop > end or size > limit:
                break
            try:
                append(data[start:stop].decode())
            except UnicodeDecodeError as problem:
                self._fail_text(problem)
                break
            at = stop
        return at

    def _feed_owed(self, data: bytes) -> int:
        """Gives the core what belongs to the frame that it has begun; gives where the next one begins."""
        part = data[: self._owed]
        self._owed -= len(part)
        self._feed_core(part)
        return len(part)

    def _feed_frame(self, data: bytes, at: int, end: int) -> int:
        """One frame that is not cut out by hand; gives where the next one begins. The core gets the beginning of a data
        frame at once, a control frame when it is complete."""
        if end - at < 2:
            self._rest = data[at:]
            return end
        first, second = data[at], data[at + 1]
        fault = _fault_of_head(first, second)
        if fault:
            self._fail(PROTOCOL_ERROR, fault)
            return end
        start = at + 2 + EXTRA.get(second & ~MASKED, 0)
        is_sound = not second & MASKED and first & OPCODE in OPCODES
        size = int.from_bytes(data[at + 2 : start], "big") if start > at + 2 else second & ~MASKED
        stop = start + size
        if is_sound and (start > end or (first & CONTROL and stop > end)):
            self._rest = data[at:]
            return end
        if is_sound and not first & CONTROL and not self._is_size_right(size, start - at):
            return end
        self._frame_size, self._owed, self._is_data = size, max(0, stop - end), not first & CONTROL
        is_close = is_sound and first & OPCODE == CLOSE
        self._feed_core(data[at:stop], data[start:stop] if is_close else b"")
        return min(stop, end)

    def _is_size_right(self, size: int, head: int) -> bool:
        """Of a frame of a message, whose head has so many bytes. Fails the connection if it is not.

        The core does not mind lengths that are written longer than need be, and it counts a control frame against the
        limit of the message around it; so the limit is ours.
        """
        if (head == 4 and size < TWO_MORE) or (head == 10 and not 65536 <= size < 1 << 63):
            self._fail(PROTOCOL_ERROR, "the length of a frame must be written in the fewest bytes")
        elif size + len(self._parts or b"") > self._limit:
            self._fail(TOO_LONG, f"the message is longer than {self._limit} bytes")
        return not self.ended

    def _feed_core(self, part: bytes, close: bytes = b"") -> None:
        """close: the payload, if it is a Close frame."""
        core = self._core
        core.receive_data(part)
        for event in core.events_received():
            if isinstance(event, Frame) and event.opcode <= BINARY:
                self._take(event)
        if self.ended:
            return
        if core.close_rcvd is not None:
            self._end(core.close_rcvd, close)
        elif core.parser_exc is not None:
            self._end_by_fault(close)
        else:
            self.answers.extend(core.data_to_send())

    def _take(self, frame: Frame) -> None:
        """A frame of a message, of which the core has found no fault."""
        opcode, payload = frame.opcode, bytes(frame.data)
        try:
            if opcode != CONTINUATION and frame.fin:
                self.messages.append(str(payload, "utf-8") if opcode == TEXT else payload)
                return
            if opcode != CONTINUATION:
                self._parts = bytearray()
                self._decoder = codecs.getincrementaldecoder("utf-8")() if opcode == TEXT else None
            assert self._parts is not None  # else the core would have found fault with it
            if self._decoder is not None:
                self._decoder.decode(payload, final=frame.fin)
            self._parts += payload
            if frame.fin:
                whole, self._parts = self._parts, None
                self.messages.append(bytes(whole) if self._decoder is None else str(whole, "utf-8"))
        except UnicodeDecodeError as problem:
            self._fail_text(problem)

    def _note_unfinished(self) -> None:
        """A head alone is nothing yet, and a control frame is no part of a message."""
        here = self._frame_size - self._owed if self._owed and self._is_data else 0
        self.unfinished = here + (0 if self._parts is None else len(self._parts))

    # The end

    def _end(self, close: Close, payload: bytes) -> None:
        """By the peer's Close, which RFC 6455 (5.4) allows between the fragments of a message, too: the core does not,
        and its answer is not used then."""
        self.ended, self.code, self.reason = True, int(close.code), close.reason
        written = self._core.data_to_send()
        if written:
            is_fault = self._core.parser_exc is not None
            self.last_frame = _masked(FINAL | CLOSE, payload) if is_fault else b"".join(written)

    def _end_by_fault(self, close: bytes) -> None:
        """The peer broke a rule, and the core has made the Close frame that says so."""
        close_sent = self._core.close_sent
        self.ended = self.violation = True
        self.code, self.reason = (None, "") if close_sent is None else (int(close_sent.code), close_sent.reason)
        self.last_frame = b"".join(self._core.data_to_send())
        code = int.from_bytes(close[:2], "big")
        if len(close) > 1 and not is_close_code(code):
            self.reason = f"it sent the close code {code}, which is none"

    def _fail_text(self, problem: UnicodeDecodeError) -> None:
        self._fail(INVALID_DATA, f"{problem.reason} at position {problem.start}")

    def _fail(self, code: int, reason: str) -> None:
        self._core.fail(code, reason)
        self._end_by_fault(b"")


def _fault_of_head(first: int, second: int) -> str:
    """What is wrong with a frame that begins so, as far as the core would look for it behind the payload alone."""
    if first & RESERVED:
        return "reserved bits must be 0"
    if first & CONTROL and second & ~MASKED > CONTROL_LIMIT:
        return "control frame too long"
    if first & CONTROL and not first & FINAL:
        return "fragmented control frame"
    return ""
