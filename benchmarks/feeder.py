"""The other process: a scripted peer that only moves bytes, so that it is not what is measured.

    python -m benchmarks.feeder VENUE FILLS ORDERS

Prints its port, then serves until it is terminated. The path of the WebSocket says how it behaves: `/fills` sends FILLS
fills over ORDERS orders once the client has asked for something; `/answer` answers each placement; `/flood` sends fills
without end and never closes; `/silent` says nothing after its greeting and reads nothing. Calls over HTTP are answered
as placements.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import sys
import threading
from collections.abc import Iterator

from attrs import define, field

from .frames import SPEAKERS, Speaker, frame

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
REQUEST_ID = re.compile(rb'"(?:rid|req_id)":(\d+)')
WIRE_ID = re.compile(rb'"(?:cid|cl_ord_id)":"?([0-9a-f-]+)')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CLOSE = 0x8
PING = 0x9


def read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """A request's head, and what came behind it; empty when the peer has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b"", b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def shake_hands(connection: socket.socket, head: bytes) -> str:
    """Completes the WebSocket handshake; gives the last part of the path."""
    lines = head.split(b"\r\n")
    key = next(line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return "/" + lines[0].split(b" ")[1].decode().rpartition("/")[2]


def received_frames(connection: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Opcode and unmasked payload of each frame from the client, none of them longer than 65,535 bytes."""
    data = b""
    while True:
        more = connection.recv(65536)
        if not more:
            return
        data += more
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


@define
class Feeder:
    """One for all connections. asked: set by a POST over HTTP, for venues that are asked for something that way."""

    speaker: Speaker
    fills: bytes
    asked: threading.Event = field(factory=threading.Event)
    forever: threading.Event = field(factory=threading.Event)
    count: int = 0

    def next_number(self) -> str:
        self.count += 1
        return f"{self.count:07d}"

    def serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                head, rest = read_head(connection)
                if b"sec-websocket-key" not in head.lower():
                    self.answer_calls(connection, head, rest)
                    return
                path = shake_hands(connection, head)
                connection.sendall(frame(self.speaker.greeting))
                self.behave(connection, path)
            except OSError:
                pass  # the client has gone, which is how every round ends

    def behave(self, connection: socket.socket, path: str) -> None:
        if not self.speaker.login and path in ("/flood", "/silent"):
            self.go_on(connection, path, b"", plain=False)
        self.asked.clear()
        for opcode, payload in received_frames(connection):
            if opcode == CLOSE:
                connection.sendall(b"\x88\x02\x03\xe8")
                return
            if opcode == PING:
                continue
            words = next((word for word in self.speaker.login if word in payload), None)
            if words is not None:
                for text in self.speaker.login[words].split("\n"):
                    connection.sendall(frame(text))
            if words is None or words == list(self.speaker.login)[-1]:
                self.go_on(connection, path, payload, plain=words is None)

    def go_on(self, connection: socket.socket, path: str, payload: bytes, *, plain: bool) -> None:
        """The login is done, or the client speaks of something else."""
        if path == "/fills":
            if not plain:
                self.asked.wait()
                self.asked.clear()
            connection.sendall(self.fills)
        elif path == "/flood":
            while True:
                connection.sendall(self.fills)
        elif path == "/silent":
            self.forever.wait()
        elif plain:
            self.answer(connection, payload)

    def answer(self, connection: socket.socket, payload: bytes) -> None:
        request_id, wire_id = REQUEST_ID.search(payload), WIRE_ID.search(payload)
        if request_id is not None and wire_id is not None:
            texts = self.speaker.answer(self.next_number(), request_id[1].decode(), wire_id[1].decode())
            connection.sendall(b"".join(frame(text) for text in texts))

    def answer_calls(self, connection: socket.socket, head: bytes, rest: bytes) -> None:
        while head:
            found = LENGTH.search(head)
            length = 0 if found is None else int(found[1])
            while len(rest) < length:
                rest += connection.recv(65536)
            if head.startswith(b"POST"):  # what is only read, such as the venue's time, comes by itself
                self.asked.set()
            (text,) = self.speaker.answer(self.next_number(), None, None)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(text)).encode()
                + b"\r\n\r\n"
                + text.encode()
            )
            head, rest = read_head(connection)


def main() -> None:
    name, count, orders = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    speaker = SPEAKERS[name]
    texts = (text for n in range(count) for text in speaker.fills(n % orders, n, 15 * (n // orders + 1)))
    feeder = Feeder(speaker, b"".join(frame(text) for text in texts))
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=feeder.serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
