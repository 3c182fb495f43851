"""The other process: a scripted AX peer that only moves bytes, so that it is not what is measured.

    python -m benchmarks.feeder MESSAGES ORDERS

Prints its port, then serves until it is terminated. The path of the WebSocket says how it behaves: `/fills` sends
MESSAGES fills over ORDERS orders once the client has sent something; `/answer` answers each placement; `/flood` sends
fills without end and never closes; `/silent` says nothing after the login and reads nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import sys
import threading
from collections.abc import Iterator

from .frames import ACCEPT, LOGIN, fill_message, frame

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
RID = re.compile(rb'"rid":(\d+)')
CID = re.compile(rb'"cid":(\d+)')
CLOSE = 0x8


def shake_hands(connection: socket.socket) -> str:
    """The WebSocket handshake; gives the path that was asked for."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("no request came")
        head += data
    lines = head.split(b"\r\n")
    key = next(line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return lines[0].split(b" ")[1].decode()


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


def answer_placements(connection: socket.socket) -> None:
    count = 0
    for opcode, payload in received_frames(connection):
        if opcode == CLOSE:
            connection.sendall(b"\x88\x02\x03\xe8")
            return
        rid, cid = RID.search(payload), CID.search(payload)
        if rid is None or cid is None:
            continue
        count += 1
        number = f"{count:07d}"
        answer = f'{{"rid":{rid[1].decode()},"res":{{"oid":"O-01KXANSWER0000000000{number}"}}}}'
        connection.sendall(frame(answer) + frame(ACCEPT % {"n": number, "cid": cid[1].decode()}))


def serve(connection: socket.socket, fills: bytes, forever: threading.Event) -> None:
    with connection:
        try:
            path = shake_hands(connection)
            connection.sendall(LOGIN)
            if path == "/answer":
                answer_placements(connection)
            elif path == "/fills":
                connection.recv(65536)
                connection.sendall(fills)
                while connection.recv(65536):
                    pass
            elif path == "/flood":
                while True:
                    connection.sendall(fills)
            else:
                forever.wait()
        except OSError:
            pass  # the client has gone, which is how every round ends


def main() -> None:
    messages, orders = int(sys.argv[1]), int(sys.argv[2])
    texts = (fill_message(number % orders, number, 15 * (number // orders + 1)) for number in range(messages))
    fills = b"".join(frame(text) for text in texts)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    forever = threading.Event()
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(connection, fills, forever), daemon=True).start()


if __name__ == "__main__":
    main()
