"""The sans-I/O transport's attendant: it answers while nobody receives, and is not felt while somebody does."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.net.connectors import TcpConnector
from actors.websocket import SocketClosed, open_socket
from protocol.venue import Upgrade

from ..imports import ROOT
from ..websocket_peer import CLOSE, PING, PONG, TEXT, Peer, close_frame, connected, frame, until_closed


class Turns(trio.abc.Instrument):
    """Counts the steps of each task, by name."""

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.steps[task.name] = self.steps.get(task.name, 0) + 1

    def of_attendants(self) -> int:
        return sum(count for name, count in self.steps.items() if name.endswith("SansIoSocket.run"))


async def test_pings_are_answered_again_soon_after_the_receiver_went_away(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "a"))
        assert await socket.receive_batch() == ["a"]
        began = trio.current_time()
        await peer.send(frame(PING, b"1"))
        assert await peer.read_frame() == (PONG, b"1")
        assert trio.current_time() - began == pytest.approx(0.2)
        await peer.send(frame(PING, b"2"))
        assert await peer.read_frame() == (PONG, b"2")
        assert trio.current_time() - began == pytest.approx(0.2), "from now on at once"


async def test_nothing_is_read_behind_a_message_that_is_held(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "a"))
        await trio.sleep(1)
        assert socket.holds_messages
        await peer.send(frame(TEXT, "b"))
        await trio.sleep(1)
        assert await socket.receive_batch() == ["a"], "the next read is another batch"
        assert await socket.receive_batch() == ["b"]


async def test_a_close_is_answered_while_nobody_receives(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "a"), close_frame(1001))
        assert await peer.read_frame() == (CLOSE, (1001).to_bytes(2, "big"))
        batches, closed = await until_closed(socket)
        assert (batches, closed.code) == ([["a"]], 1001)


async def test_it_is_parked_while_a_receiver_waits(autojump_clock: MockClock) -> None:
    turns = Turns()
    async with connected() as (socket, _), trio.open_nursery() as nursery:
        nursery.start_soon(socket.receive_batch)
        await trio.sleep(1)
        trio.lowlevel.add_instrument(turns)
        await trio.sleep(1000)
        assert turns.of_attendants() == 0
        trio.lowlevel.remove_instrument(turns)
        nursery.cancel_scope.cancel()


async def test_it_costs_nothing_for_a_message(autojump_clock: MockClock) -> None:
    turns = Turns()
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "first"))
        await socket.receive_batch()
        trio.lowlevel.add_instrument(turns)
        for _ in range(1000):
            await peer.send(frame(TEXT, "a"))
            await socket.receive_batch()
            await trio.sleep(0.001)
        trio.lowlevel.remove_instrument(turns)
    assert turns.of_attendants() <= 20


async def test_pongs_that_nobody_takes_are_bounded_and_the_newest_are_kept(autojump_clock: MockClock) -> None:
    async with connected(capacity=100) as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(socket.receive_batch)
        for number in range(5000):
            await peer.send(frame(PING, number.to_bytes(2, "big")))
        await trio.sleep(1)
        pongs = []
        with trio.move_on_after(1):
            while (received := await peer.read_frame()) is not None:
                pongs.append(int.from_bytes(received[1], "big"))
        nursery.cancel_scope.cancel()
    assert pongs == sorted(pongs)
    assert pongs[-1] == 4999
    assert len(pongs) < 1100


async def test_a_read_full_of_empty_frames_lets_others_run(autojump_clock: MockClock) -> None:
    async with connected() as (socket, peer), trio.open_nursery() as nursery:
        ran = 0

        async def count() -> None:
            nonlocal ran
            while True:
                await trio.lowlevel.checkpoint()
                ran += 1

        await peer.send(frame(PING) * 20_000, frame(TEXT, "a"), frame(TEXT, "b"))
        nursery.start_soon(peer.read_rest)
        nursery.start_soon(count)
        received = await socket.receive_batch()
        assert (received, ran >= 20) == (["a", "b"], True)
        nursery.cancel_scope.cancel()


async def test_a_pong_comes_between_frames_and_not_inside_one(autojump_clock: MockClock) -> None:
    async with connected(capacity=1000) as (socket, peer), trio.open_nursery() as nursery:
        nursery.start_soon(socket.send, "x" * 5000)
        await wait_all_tasks_blocked()
        await peer.send(frame(PING, b"p"))
        await wait_all_tasks_blocked()
        nursery.start_soon(socket.send, "y")
        await wait_all_tasks_blocked()
        assert [await peer.read_frame() for _ in range(3)] == [(TEXT, b"x" * 5000), (PONG, b"p"), (TEXT, b"y")]


async def test_a_receiver_is_sent_away_at_once_by_our_own_close() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    url = f"ws://127.0.0.1:{listener.socket.getsockname()[1]}/"
    async with listener, trio.open_nursery() as nursery:

        async def accept() -> None:
            peer = Peer(await listener.accept())  # type: ignore[arg-type]  # of which it uses what every stream has
            await peer.read_request()
            await peer.send(peer.acceptance(), frame(TEXT, "hello"))
            await peer.read_frame()
            await gone.wait()
            await peer.send(close_frame(1000))
            await trio.aclose_forcefully(peer.stream)

        ended: list[SocketClosed] = []
        gone = trio.Event()

        async def receive() -> None:
            ended.append((await until_closed(socket))[1])
            gone.set()

        nursery.start_soon(accept)
        async with open_socket(Upgrade(url=url, headers=[]), TcpConnector()) as socket:
            assert await socket.receive_batch() == ["hello"]
            nursery.start_soon(receive)
            await wait_all_tasks_blocked()
            await socket.close()
            assert [closed.ours for closed in ended] == [True]
        nursery.cancel_scope.cancel()


def test_an_implementation_is_imported_when_it_is_used() -> None:
    program = "import sys, actors.session; print({'websockets', 'trio_websocket', 'wsproto'} & sys.modules.keys())"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert printed.stdout == "set()\n"


async def test_the_core_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """It would log the headers of the upgrade, and with them the bearer token."""
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "websockets.client", "trio_orders.silent"):
        caplog.set_level(logging.DEBUG, logger=name)
    async with connected() as (socket, peer):
        await peer.send(frame(TEXT, "a"), frame(PING, b"p"), close_frame(1000))
        await until_closed(socket)
    assert "sesame11" in peer.request.decode()
    assert caplog.records == []
