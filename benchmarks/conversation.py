"""One connection as the scripted peer sees it: bytes in, bytes out, no socket.

The feeder process plays it over TCP and TLS, and the counts play it in memory, so both measure against the same peer.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator

from attrs import define, field

from .frames import Speaker, frame

__all__ = ["Conversation"]

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
REQUEST_ID = re.compile(rb'"(?:rid|req_id)":(\d+)')
WIRE_ID = re.compile(rb'"(?:cid|cl_ord_id)":"?([0-9a-f-]+)')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CLOSE, PING = 0x8, 0x9
CLOSE_ANSWER = b"\x88\x02\x03\xe8"
RAW = "raw-"
"""What the path of a floor begins with: it gets the venue's messages without a login."""


@define
class Conversation:
    """path: the last part of the WebSocket's path, "" before the upgrade and over HTTP; is_logged_in: the venue's
    login is done; said: texts that were none of the login; is_over: the client said Close. next_number gives a fresh
    text of seven digits; on_call hears the path of every call over HTTP, and may answer it."""

    speaker: Speaker
    next_number: Callable[[], str]
    on_call: Callable[[str], str | None]
    path: str = ""
    is_logged_in: bool = False
    said: int = 0
    is_over: bool = False
    _unread: bytes = field(default=b"", init=False)
    _is_upgraded: bool = field(default=False, init=False)

    def receive(self, data: bytes) -> bytes:
        """What the peer says to that."""
        self._unread += data
        if self._is_upgraded:
            return self._frames()
        answers = b""
        while not self._is_upgraded and (head := self._take_head()) is not None:
            if b"sec-websocket-key" in head.lower():
                answers += self._shake_hands(head)
            else:
                answers += self._call(head)
        return answers

    def _take_head(self) -> bytes | None:
        """The next whole request, without its body; None while part of it is missing."""
        head, end, rest = self._unread.partition(b"\r\n\r\n")
        found = LENGTH.search(head)
        length = 0 if found is None else int(found[1])
        if not end or len(rest) < length:
            return None
        self._unread = rest[length:]
        return head

    def _shake_hands(self, head: bytes) -> bytes:
        lines = head.split(b"\r\n")
        key = next(line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        last = lines[0].split(b" ")[1].decode().rpartition("/")[2]
        self.path = last.removeprefix(RAW)
        self.is_logged_in = last.startswith(RAW) or not self.speaker.login
        self._is_upgraded = True
        return (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + frame(self.speaker.greeting)
        )

    def _call(self, head: bytes) -> bytes:
        said = self.on_call(head.split(b" ", 2)[1].decode())
        if said is None:
            said = self.speaker.answer(self.next_number(), None, None)[0]  # a reading of history makes no sense of it
        body = said.encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    def _frames(self) -> bytes:
        answers = b""
        for opcode, payload in self._take_frames():
            if opcode == CLOSE:
                self.is_over = True
                return answers + CLOSE_ANSWER
            if opcode != PING:
                answers += self._say(payload)
        return answers

    def _say(self, payload: bytes) -> bytes:
        login = self.speaker.login
        words = next((word for word in login if word in payload), None)
        if words is not None:
            self.is_logged_in = self.is_logged_in or words == list(login)[-1]
            return b"".join(frame(text) for text in login[words].split("\n"))
        self.said += 1
        request_id, wire_id = REQUEST_ID.search(payload), WIRE_ID.search(payload)
        if self.path != "answer" or request_id is None or wire_id is None:
            return b""
        texts = self.speaker.answer(self.next_number(), request_id[1].decode(), wire_id[1].decode())
        return b"".join(frame(text) for text in texts)

    def _take_frames(self) -> Iterator[tuple[int, bytes]]:
        """Opcode and unmasked payload of each whole frame from the client, none of them longer than 65,535 bytes."""
        data = self._unread
        while len(data) >= 6:
            length, head = data[1] & 0x7F, 2
            if length == 126:
                length, head = int.from_bytes(data[2:4], "big"), 4
            end = head + 4 + length
            if len(data) < end:
                break
            mask = int.from_bytes((data[head : head + 4] * (length // 4 + 1))[:length], "big")
            payload = (int.from_bytes(data[head + 4 : end], "big") ^ mask).to_bytes(length, "big")
            yield data[0] & 0xF, payload
            data = data[end:]
        self._unread = data
