"""How fast the feeder is by itself: what neither side can be faster than."""

from __future__ import annotations

import socket
import time
from statistics import median

__all__ = ["fill_pace", "trip_pace"]

PLACEMENT = (
    b'{"rid":1,"t":"p","s":"XAU-PERP","d":"S","q":40,"p":"2411.5","tif":"GTC","po":false,"cid":1234567890123456789}'
)


def masked(text: bytes) -> bytes:
    """A text frame of a client, no longer than 125 bytes; its mask is zero, which changes nothing."""
    return bytes((0x81, 0x80 | len(text))) + bytes(4) + text


def upgrade(path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def connect(port: int, path: str) -> socket.socket:
    """Past the upgrade; the greeting comes in its own time."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(upgrade(path))
    read_until(connection, b'"cod":false')
    return connection


def read_until(connection: socket.socket, mark: bytes) -> None:
    """Reads on until `mark` has come, and drops what it reads. Raises EOFError when the feeder ends first."""
    data = b""
    while mark not in data:
        more = connection.recv(1 << 20)
        if not more:
            raise EOFError("The feeder closed the connection.")
        data = data[-len(mark) :] + more


def fill_pace(port: int, fills: int) -> float:
    """µs for each fill that is only read."""
    with connect(port, "/fills") as connection:
        began = time.perf_counter()
        connection.sendall(masked(b"go"))
        read_until(connection, f'"tid":"T-{fills - 1}"'.encode())
        return (time.perf_counter() - began) / fills * 1e6


def trip_pace(port: int, trips: int) -> float:
    """µs from a prepared placement until its Accepted has been read, median."""
    spent = []
    with connect(port, "/answer") as connection:
        for _ in range(trips):
            began = time.perf_counter()
            connection.sendall(masked(PLACEMENT))
            read_until(connection, b'"o":"ACCEPTED"')
            spent.append((time.perf_counter() - began) * 1e6)
    return median(spent)
