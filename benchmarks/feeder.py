"""The other process: a scripted peer that only moves bytes, so that it is not what is measured.

    python -m benchmarks.feeder VENUE FILLS ORDERS [--tls FILE]

Prints its port, then serves until it is terminated. FILE holds a key and its certificate. The last part of a
WebSocket's path says how it behaves:

| `fills` | a lot of FILLS fills over ORDERS orders, each time that `/go/fills` is called over HTTP |
| `fills-N` | the same over N orders, for `/go/fills-N` |
| `paced-RATE` | one lot at RATE messages a second, a burst each millisecond, for `/go/paced-RATE` |
| `answer` | answers each placement |
| `flood` | fills without end; never closes |
| `silent` | nothing after the greeting; reads nothing |

A path that begins with `raw-` is for a floor: no login comes before the fills. Other calls over HTTP are answered as
placements; `/times` gives when each burst of the last paced lot was due and when its sending began, in ns of this
machine's monotonic clock, which all its processes share.
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import ssl
import threading
import time
from collections import Counter

from attrs import define, field

from .conversation import Conversation
from .frames import SPEAKERS, Speaker, frame

TICK = 1_000_000
"""ns between two bursts of a paced lot."""
FIRST_BURST = 50_000_000
"""ns from the call to the first burst."""


@define
class Feeder:
    """One for all connections."""

    speaker: Speaker
    fills: int
    orders: int
    _count: int = field(default=0, init=False)
    _calls: Counter[str] = field(factory=Counter, init=False)
    _called: threading.Condition = field(factory=threading.Condition, init=False)
    _lots: dict[tuple[int, int], list[bytes]] = field(factory=dict, init=False)
    _times: list[tuple[int, int]] = field(factory=list, init=False)

    def next_number(self) -> str:
        self._count += 1
        return f"{self._count:07d}"

    def on_call(self, path: str) -> str | None:
        _, _, name = path.partition("/go/")
        if name:
            with self._called:
                self._calls[name] += 1
                self._called.notify_all()
            return "{}"
        return json.dumps(self._times) if path == "/times" else None

    def serve(self, connection: socket.socket, context: ssl.SSLContext | None) -> None:
        try:
            # What controls the feeder stays in plain text: the first byte of a TLS handshake is 22.
            if context is not None and connection.recv(1, socket.MSG_PEEK) == b"\x16":
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                self._converse(connection)
        except OSError:
            pass  # the client has gone, which is how every round ends

    def _converse(self, connection: socket.socket) -> None:
        conversation = Conversation(self.speaker, self.next_number, self.on_call)
        calls = 0
        while not conversation.is_over:
            data = connection.recv(65536)
            if not data:
                return
            was_upgraded = bool(conversation.path)
            answer = conversation.receive(data)
            if not was_upgraded:
                calls = self._calls[conversation.path]  # before the client can know that it may call
            if answer:
                connection.sendall(answer)
            if conversation.is_logged_in and conversation.path != "answer":
                self._behave(connection, conversation.path, calls)

    def _behave(self, connection: socket.socket, path: str, calls: int) -> None:
        """calls: for this path, before this connection was made."""
        kind, _, detail = path.partition("-")
        if kind == "silent":
            threading.Event().wait()
        elif kind == "flood":
            lot = b"".join(self._lot(self.orders, 0))
            while True:
                connection.sendall(lot)
        elif kind == "paced":
            self._wait_for_call(path, calls)
            self._send_at_a_pace(connection, int(detail))
            threading.Event().wait()
        else:
            for number in itertools.count():
                self._wait_for_call(path, calls + number)
                connection.sendall(b"".join(self._lot(int(detail or self.orders), number)))

    def _wait_for_call(self, path: str, number: int) -> None:
        """Until there were more than so many."""
        with self._called:
            self._called.wait_for(lambda: self._calls[path] > number)

    def _lot(self, orders: int, number: int) -> list[bytes]:
        """The frames of one lot, spread evenly over the orders. Made when it is asked for, while nothing is timed, and
        kept for the other connections that are sent the same."""
        with self._called:
            if (orders, number) not in self._lots:
                while len(self._lots) > 2:
                    del self._lots[next(iter(self._lots))]
                step = max(1, orders // self.fills)
                frames = []
                for position in range(number * self.fills * step, (number + 1) * self.fills * step, step):
                    filled = 15 * (position // orders + 1)
                    texts = self.speaker.fills(position % orders, position // step, filled)
                    frames += [frame(text) for text in texts]
                self._lots[orders, number] = frames
            return self._lots[orders, number]

    def _send_at_a_pace(self, connection: socket.socket, rate: int) -> None:
        size = rate // 1000
        frames = self._lot(self.orders, 0)
        bursts = [b"".join(frames[first : first + size]) for first in range(0, len(frames), size)]
        start = time.monotonic_ns() + FIRST_BURST
        times = []
        for number, burst in enumerate(bursts):
            due = start + number * TICK
            wait = due - time.monotonic_ns()
            if wait > 0:
                time.sleep(wait / 1e9)
            times.append((due, time.monotonic_ns()))
            connection.sendall(burst)
        self._times = times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("venue", choices=sorted(SPEAKERS))
    parser.add_argument("fills", type=int)
    parser.add_argument("orders", type=int)
    parser.add_argument("--tls", metavar="FILE")
    options = parser.parse_args()
    context = None
    if options.tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls)
    feeder = Feeder(SPEAKERS[options.venue], options.fills, options.orders)
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=feeder.serve, args=(connection, context), daemon=True).start()


if __name__ == "__main__":
    main()
