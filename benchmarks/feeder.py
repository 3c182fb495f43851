"""The other process: a scripted peer that only moves bytes, so that it is not what is measured.

    python -m benchmarks.feeder VENUE FILLS ORDERS [--tls FILE]

Prints its port, then serves until it is terminated. FILE holds a key and its certificate. The last part of a
WebSocket's path says how it behaves:

| `fills` | a lot of FILLS fills over ORDERS orders for each call of `/go/fills` over HTTP, or when the client speaks |
| `fills-N-NAME` | the same over N orders, for `/go/fills-N-NAME`; NAME tells clients apart |
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
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

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
    _callers: list[tuple[str, socket.socket]] = field(factory=list, init=False)
    _making: threading.Lock = field(factory=threading.Lock, init=False)
    _lots: dict[tuple[int, int], list[bytes]] = field(factory=dict, init=False)
    _times: list[tuple[int, int]] = field(factory=list, init=False)

    def next_number(self) -> str:
        self._count += 1
        return f"{self._count:07d}"

    def on_call(self, path: str) -> str | None:
        _, _, name = path.partition("/go/")
        if name:
            for called, caller in list(self._callers):
                if called == name:
                    caller.send(b".")
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
        with ExitStack() as stack:
            calls: socket.socket | None = None
            while not conversation.is_over:
                data = connection.recv(65536)
                if not data:
                    return
                answer = conversation.receive(data)
                if conversation.path and calls is None:
                    calls = stack.enter_context(self._calls_for(conversation.path))  # before the client knows
                if answer:
                    connection.sendall(answer)
                if calls is not None and conversation.is_logged_in and conversation.path != "answer":
                    self._behave(connection, conversation, calls)

    @contextmanager
    def _calls_for(self, path: str) -> Iterator[socket.socket]:
        """A socket with a byte for each call for this path from now on."""
        calls, caller = socket.socketpair()
        with calls, caller:
            self._callers.append((path, caller))
            try:
                yield calls
            finally:
                self._callers.remove((path, caller))

    def _behave(self, connection: socket.socket, conversation: Conversation, calls: socket.socket) -> None:
        kind, _, detail = conversation.path.partition("-")
        if kind == "silent":
            threading.Event().wait()
        elif kind == "flood":
            lot = b"".join(self.make_lot(self.orders, 0))
            while True:
                connection.sendall(lot)
        elif kind == "paced":
            calls.recv(1)
            self._send_at_a_pace(connection, int(detail))
            threading.Event().wait()
        elif detail:
            for number in itertools.count():
                calls.recv(1)
                connection.sendall(b"".join(self.make_lot(int(detail.partition("-")[0]), number)))
        else:
            for number in itertools.count():
                self._wait_for_call_or_words(connection, conversation, calls)
                connection.sendall(b"".join(self.make_lot(self.orders, number)))

    def _wait_for_call_or_words(
        self, connection: socket.socket, conversation: Conversation, calls: socket.socket
    ) -> None:
        said = conversation.said
        while conversation.said == said:
            ready, _, _ = select.select([connection, calls], [], [])
            if calls in ready:
                calls.recv(1)
                return
            data = connection.recv(65536)
            answer = conversation.receive(data)
            if not data or conversation.is_over:
                raise ConnectionError("The client has gone.")
            if answer:
                connection.sendall(answer)

    def make_lot(self, orders: int, number: int) -> list[bytes]:
        """The frames of one lot, spread evenly over the orders. Made when it is asked for, while nothing is timed, and
        kept for the other connections that are sent the same."""
        with self._making:
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
        frames = self.make_lot(self.orders, 0)
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
    feeder.make_lot(feeder.orders, 0)  # most connections get no other
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=feeder.serve, args=(connection, context), daemon=True).start()


if __name__ == "__main__":
    main()
