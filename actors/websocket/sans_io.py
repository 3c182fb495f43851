"""`Socket` over the sans-I/O core of the package websockets (see `frames`) and a stream of ours.

The task that receives reads the stream itself, so there is no reader task and nothing is handed over: a batch is what
one read delivered. A second task, the attendant, upgrades the connection, writes pongs and the answer to a Close, and
reads while nobody receives, so that control frames are answered then, too. While somebody receives it is parked and
costs nothing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import trio

from ..net.severable_stream import severable
from .answer import REFUSAL_PATIENCE, SWITCHING_PROTOCOLS, Answer
from .frames import Frames, ping_frame, text_frame
from .seam import BATCH_LIMIT, LINGER, READ_SIZE, SocketClosed, SocketOptions
from .upgrade import UpgradeRequest

__all__ = ["SansIoSocket"]

GRACE: Final = 0.2
"""Seconds without a receiver after which the attendant reads in its place."""
ANSWER_PATIENCE: Final = 0.1
"""Seconds that a peer is given to take our last frame: more than a busy program takes to come round to writing it."""
NORMAL: Final = 1000
END_OF_HEAD: Final = b"\r\n\r\n"
HTTP: Final = b"HTTP/"


class SansIoSocket:
    """`Socket` over the core of websockets. Lives as long as `run`, which is its attendant."""

    def __init__(self, stream: trio.abc.Stream, request: UpgradeRequest, options: SocketOptions) -> None:
        self._stream = severable(stream)
        self._request = request
        self._options = options
        self._frames = Frames(request, options)
        self.last_heard = self.last_part = trio.current_time()
        self.unanswered_since: float | None = None
        # Opening
        self._settled = trio.Event()  # open, or failed to open
        self._failure: OSError | None = None
        # Receiving
        self._is_receiving = False  # a task is in receive_batch, and there is nothing for it yet
        self._is_away = True  # no task has been there for a while
        self._stand_in: trio.Event | None = None  # set when the attendant, which is reading, has read; None: it is not
        self._unfinished = 0
        self._reader_failure: Exception | None = None
        # Writing: one after the other
        self.writing_since: float | None = None
        self._turns = trio.lowlevel.ParkingLot()  # tasks that wait until the write under way is over
        self._pings = 0
        # The attendant
        self._life = trio.CancelScope()  # around all that it does
        self._bell = trio.Event()  # set to make it look up
        self._is_watching = False  # it wants to hear when a receiver leaves
        self._writing_answers = trio.CancelScope()
        # The end
        self._is_over = False  # nothing more will be given to a receiver
        self._is_mute = False  # nothing that is sent now could be heard
        self._at_end = False  # nothing more will be read
        self._closing = False  # by our own wish
        self._linger_until = 0.0
        self._peer_ended = False  # its FIN or reset was seen
        self._is_cut = False  # the network failed: what looks like a FIN afterwards is none
        self._finished = trio.Event()  # nothing more will be read, and our last frames are out

    # Opening

    async def wait_open(self) -> None:
        await self._settled.wait()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            try:
                raise failure
            finally:
                del failure  # in its own traceback's frame it would wait for the garbage collector

    async def _open(self) -> bool:
        answer = Answer()
        with suppress(trio.BrokenResourceError):  # there may be an answer all the same
            await self._stream.send_all(self._frames.request(self._request))
        try:
            rest = await self._read_answer(answer)
        except trio.BrokenResourceError:
            rest = None
        if rest is None:
            self._failure = answer.failure()
            return False
        self.last_heard = trio.current_time()
        self._take_in(rest)
        return True

    async def _read_answer(self, answer: Answer) -> bytes | None:
        """What came behind the head of an answer that upgrades; None for any other answer, which has been read."""
        while answer.status is None:
            data = bytes(await self._stream.receive_some(READ_SIZE))
            answer.add(data)
            if not data or answer.is_too_long or not answer.head.startswith(HTTP[: len(answer.head)]):
                return None
            if answer.is_unreadable and answer.status != SWITCHING_PROTOCOLS:
                return None
        if answer.status == SWITCHING_PROTOCOLS:
            head, separator, rest = bytes(answer.head).partition(END_OF_HEAD)
            return rest if separator and self._frames.accepts(head + separator) else None
        with trio.move_on_after(REFUSAL_PATIENCE):
            while not (answer.is_complete or answer.is_too_long):
                data = bytes(await self._stream.receive_some(READ_SIZE))
                if not data:
                    break
                answer.add(data)
        return None

    # Receiving

    @property
    def holds_messages(self) -> bool:
        return bool(self._frames.messages)

    async def receive_batch(self) -> list[str | bytes]:
        frames = self._frames
        if frames.messages:
            await trio.lowlevel.checkpoint_if_cancelled()
        else:
            await self._receive()
        messages = frames.messages
        if messages:
            self._is_away = False
            if self._is_watching:
                self._ring()
            if len(messages) <= BATCH_LIMIT:
                frames.messages = []
                return messages
            frames.messages = messages[BATCH_LIMIT:]
            return messages[:BATCH_LIMIT]
        if not self._closing:
            await self._finished.wait()  # soon: the attendant writes our last frames
        raise self._closed() from self._reader_failure

    async def _receive(self) -> None:
        """Reads until there are messages, or will be none any more."""
        self._is_receiving = True
        try:
            while not (self._frames.messages or self._is_over):
                if self._stand_in is None:
                    await self._read()
                else:
                    await self._stand_in.wait()
        finally:
            self._is_receiving = False
            if self._is_watching:
                self._ring()

    async def _read(self) -> None:
        """One read, or the rest of the last one. Canceled: nothing is lost."""
        if self._frames.has_more:
            await trio.lowlevel.checkpoint()
            self._take_in(b"")
            return
        try:
            data = bytes(await self._stream.receive_some(READ_SIZE))
        except trio.BrokenResourceError as broken:
            data = b""  # a reset is an end as any other
            self._is_cut = self._is_cut or not isinstance(broken.__cause__, ConnectionResetError)
        except trio.ClosedResourceError:
            if not (self._closing and self._is_receiving):
                self._end()
            return  # else our own close has sent the receiver away
        if self._at_end:
            return  # the connection was dropped meanwhile, and how it ended has been said
        if not data:
            self._peer_ended = not self._is_cut
            self._end()
            return
        self.last_heard = trio.current_time()
        self._take_in(data)

    def _take_in(self, data: bytes) -> None:
        frames = self._frames
        try:
            frames.feed(data)
        except Exception as failure:  # noqa: BLE001 - ends this link only; SocketClosed carries the cause
            self._reader_failure = failure
            self._end()
            return
        if frames.messages:
            self.unanswered_since = None
        if frames.unfinished and (frames.unfinished != self._unfinished or frames.messages):
            # A message that is long in coming shows life by each part of it, other than a ping between the parts.
            self.last_part, self.unanswered_since = self.last_heard, None
        self._unfinished = frames.unfinished
        if self._closing:
            frames.messages.clear()
        if frames.answers:
            self._ring()
        if frames.ended:
            self._end()

    # Sending

    async def send(self, text: str) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._is_mute:
            raise self._closed()
        frame, now = text_frame(text), trio.current_time()
        if self.unanswered_since is None and text not in self._options.statements:
            self.unanswered_since = now
        if self.writing_since is not None:
            await self._wait_for_turn()
            now = trio.current_time()
        if not await self._write(frame, now):
            raise self._closed(begun=True)

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint_if_cancelled()
        if self._is_mute:
            raise self._closed()
        frame = ping_frame(bytes((self._pings % 256,)))
        self._pings += 1
        if self.writing_since is not None:
            await self._wait_for_turn()
        if not await self._write(frame):
            raise self._closed()

    async def _wait_for_turn(self) -> None:
        """Waits for the end of the write that is under way, and of those that wait already. Raises SocketClosed if
        nothing can be written behind it."""
        await self._turns.park()
        if self._is_mute:
            self._pass_turn()
            raise self._closed()

    def _pass_turn(self) -> None:
        """The next of those that wait may write; writing_since stays set until it does, so that nobody cuts in."""
        if self._turns:
            self._turns.unpark()
        else:
            self.writing_since = None

    async def _write(self, data: bytes, now: float | None = None) -> bool:
        """Writes whole frames. A broken connection is noted, not raised: what the peer sent before is still to be read.
        now: by Trio's clock, where it was just read.

        Canceled: perhaps half a frame is out and nothing can follow it, so the connection is dropped.
        """
        self.writing_since = trio.current_time() if now is None else now
        try:
            await self._stream.send_all(data)
        except trio.BrokenResourceError as broken:
            self._is_mute = True
            cause = broken.__cause__
            if isinstance(cause, OSError) and not isinstance(cause, ConnectionResetError | BrokenPipeError):
                self._is_cut = True  # given up after a time, or no way found: it leaves an end behind as if of the peer
        except trio.ClosedResourceError:
            self._is_mute = True
        except BaseException:
            self.abort()
            raise
        else:
            return True
        finally:
            self._pass_turn()
        return False

    # The attendant

    @trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
    async def run(self) -> None:
        try:
            with self._life:
                is_open = await self._open()
                self._settled.set()
                if is_open:
                    await self._attend()
                    await self._part()
        except trio.ClosedResourceError:
            pass  # dropped while it was being opened
        finally:
            if not self._settled.is_set():
                self._failure = ConnectionError("The connection was dropped during the WebSocket handshake.")
                self._settled.set()
            self._is_over = self._is_mute = self._at_end = True
            self._finished.set()
            await self._aclose()

    async def _attend(self) -> None:
        while not self._is_over:
            if self._frames.answers:
                await self._write_answers()
            elif not self._is_away:
                await self._give_grace()
            elif self._is_receiving or self._frames.messages:
                self._is_watching = True
                await self._wait()
            else:
                await self._stand_in_for_receiver()

    async def _wait(self) -> None:
        await self._bell.wait()
        self._bell = trio.Event()

    def _ring(self) -> None:
        self._is_watching = False
        self._bell.set()

    async def _give_grace(self) -> None:
        """Sees whether a receiver comes back. So one that is busy is looked for a few times a second, not at each
        message: it is watched only when it has been waiting for as long."""
        self._is_away = True
        with trio.move_on_after(GRACE):
            await self._wait()
            self._is_away = False  # there is something else to do: look again behind it

    async def _stand_in_for_receiver(self) -> None:
        """One read. A receiver that comes meanwhile waits for its end: a canceled read could lose something where a
        stream is not careful."""
        self._stand_in = trio.Event()
        try:
            await self._read()
        finally:
            self._stand_in.set()
            self._stand_in = None

    async def _write_answers(self) -> None:
        with trio.CancelScope() as self._writing_answers:
            await self._write_last(b"")

    async def _write_last(self, behind: bytes) -> None:
        """Pongs, and what comes behind them."""
        if self.writing_since is not None:
            await self._turns.park()
        answers = b"".join(self._frames.answers)
        self._frames.answers.clear()
        await self._write(answers + behind)

    # The end

    def _end(self) -> None:
        """Nothing more is to be read."""
        self._is_over = self._is_mute = self._at_end = True
        if self._frames.last_frame:
            self._writing_answers.deadline = trio.current_time() + LINGER  # our Close comes behind it
        else:
            self._writing_answers.cancel()
            if not self._closing:
                self._finished.set()
        self._ring()

    async def _part(self) -> None:
        """What is left to do for the attendant once nothing more is to be received."""
        if self._closing:
            await self._await_close()
        if self._frames.last_frame:
            with trio.move_on_after(ANSWER_PATIENCE):
                await self._write_last(self._frames.last_frame)
        if self._frames.violation and not self._closing:
            # Bytes left unread would turn our closing into a reset, and the Close frame would be lost with it.
            with trio.move_on_after(LINGER):
                await self._drain()

    async def _await_close(self) -> None:
        """Reads on until the peer's Close, and drops what comes before it."""
        while not self._at_end:
            if self._is_receiving:
                self._is_watching = True
                await self._wait()
            else:
                await self._read()
                if trio.current_time() >= self._linger_until:
                    return

    async def _drain(self) -> None:
        try:
            while await self._stream.receive_some(READ_SIZE):
                pass
            self._peer_ended = not self._is_cut
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async def close(self, linger: float = LINGER) -> None:
        try:
            if not (self._closing or self._at_end):
                self._closing = self._is_over = self._is_mute = True
                self._linger_until = trio.current_time() + linger
                self._frames.messages.clear()
                await self._write_close()
                self._send_receiver_away()
                self._ring()
            await self._finished.wait()
        finally:
            self.abort()
            await self._aclose()

    async def _write_close(self) -> None:
        if self.writing_since is not None:
            await self._turns.park()
        if self._at_end:
            self._pass_turn()  # the peer was faster
        else:
            await self._write(self._frames.close_frame(NORMAL))

    def _send_receiver_away(self) -> None:
        if self._stand_in is not None:
            self._stand_in.set()
        elif self._is_receiving:
            self._stream.stop_receiving()

    def abort(self) -> None:
        self._is_over = self._is_mute = self._at_end = True
        self._finished.set()
        self._stream.cut()
        self._life.cancel()

    async def _aclose(self) -> None:
        with trio.CancelScope(shield=True):  # it never blocks, and a cancellation would take an interrupt's place
            await trio.aclose_forcefully(self._stream)

    def _closed(self, *, begun: bool = False) -> SocketClosed:
        frames = self._frames
        if self._closing:
            return SocketClosed(None, "we closed it", begun=begun, ours=True)
        if frames.ended:
            return SocketClosed(
                frames.code,
                frames.reason,
                violation=frames.violation,
                begun=begun,
                by_peer=self._peer_ended or not frames.violation,
            )
        reason = "the connection was lost"
        if self._reader_failure is not None:
            reason = f"its reader failed with {type(self._reader_failure).__name__}"
        return SocketClosed(None, reason, begun=begun, by_peer=self._peer_ended)
