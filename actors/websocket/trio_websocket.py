"""`Socket` over the package trio-websocket.

trio-websocket hands over one message at a time. We give it a stream of our own to read from, and a message queue
of size zero: when its reader asks our stream for bytes again, every message of the previous read has been handed
over, so the batch is complete; the number of frames in a short read says so sooner. The same stream sees what
trio-websocket does not show: the end of the connection during the handshake, the last time that anything was heard, a
Close frame that answers a broken rule, a close code that is younger than the library.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import trio
from attrs import frozen
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream
from wsproto.frame_protocol import CloseReason

from protocol.close_codes import is_close_code

from .answer import REFUSAL_PATIENCE, SWITCHING_PROTOCOLS, Answer
from .seam import BATCH_LIMIT, LINGER, READ_SIZE, SocketClosed, SocketOptions
from .upgrade import UpgradeRequest

__all__ = ["TrioWebSocket", "messages_in"]

SHORT_READ: Final = 4096
"""Bytes up to which the messages of a read are counted; with a longer one there is no haste."""
CLOSE: Final = 0x88
PING: Final = 0x89
TEXT: Final = 0x81
FINAL: Final = 0x80
OPCODE: Final = 0x0F
BINARY: Final = 0x02
TWO_MORE: Final = 126
EIGHT_MORE: Final = 127
"""Lengths in the second byte of a frame that say that two or eight bytes of length follow (RFC 6455, 5.2)."""
ABNORMAL: Final = 1006
KNOWN: Final = frozenset(int(code) for code in CloseReason)
"""Close codes that trio-websocket knows, below 3000."""
LONGEST_CLOSE: Final = 127
"""Bytes of an unmasked Close frame: two of head, at most 125 of payload."""


class _WatchedStream(trio.abc.Stream):
    """Between trio-websocket and the connection: passes bytes through and notes what happens.

    Belongs to one `TrioWebSocket`. trio-websocket's reader is the only task that receives.
    """

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self.life = trio.CancelScope()  # around everything; canceled to drop the connection
        self.connection: WebSocketConnection | None = None
        self.last_heard = self.last_part = trio.current_time()
        self.unanswered_since: float | None = None
        self._unfinished = 0  # how much of a message is here that is not complete
        # Handshake
        self.opening = trio.CancelScope()  # around the handshake; canceled when it cannot succeed any more
        self.opened = trio.Event()
        self.answer = Answer()  # to the upgrade, while the handshake lasts
        # Batches
        self.reader_idle = False  # trio-websocket waits for bytes: it holds no message back
        self.writing_since: float | None = None
        self.left: int | None = None  # messages of the latest read not taken yet; None: they were not counted
        self.collecting: trio.CancelScope | None = None  # a batch that waits for more messages
        # Sending
        self.send_broken = False
        self.texts_begun = 0
        self.pinging: trio.CancelScope | None = None
        # The end
        self.closing: trio.CancelScope | None = None  # our own close, waiting for the peer's Close
        self.linger_until = 0.0
        self.violation = False
        self.close_told: tuple[int, str] | None = None  # the peer's, if trio-websocket took it for a broken rule
        self.verdict: tuple[int, str] | None = None  # ours on a broken rule; trio-websocket forgets it at the next one
        self.finished = trio.Event()  # nothing more will be read, and our last words are said
        self.peer_ended = False  # its FIN or reset was seen
        self._is_cut = False  # the network failed: what looks like a FIN afterwards is none
        self._close_sent = False
        self._chunk = b""  # the latest read, and the end of what came before it: see _note_close
        self._before = b""

    @property
    def is_over(self) -> bool:
        """True when nothing that is sent now could be heard."""
        return self.send_broken or self.life.cancel_called or self.finished.is_set()

    @property
    def sending(self) -> bool:
        return self.writing_since is not None

    @property
    def more_may_come(self) -> bool:
        """True while trio-websocket's reader is busy with what it has read, and waits for nobody but us."""
        return not (self.reader_idle or self.sending or self.left == 0)

    def note_taken(self) -> None:
        """A message has been taken from trio-websocket."""
        self.unanswered_since = None
        if self.left:
            self.left -= 1

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        self.reader_idle = True
        self._end_batch()
        self._note_progress()
        if not self.opened.is_set() and self.answer.status == SWITCHING_PROTOCOLS:
            await self.opened.wait()  # the reader can be ahead of the task that opens the socket
        if self.closing is not None:
            if trio.current_time() >= self.linger_until:
                self.closing.cancel()  # the reader comes for more bytes: there was no Close in those it had
        elif self.connection is not None and self.connection.closed is not None:
            await self._say_last_words(self.connection.closed.code)
            return b""
        return await self._read(max_bytes)

    def _note_progress(self) -> None:
        """A message that is long in coming shows life by each part of it, other than a ping between the parts."""
        unfinished = 0 if self.connection is None else _unfinished(self.connection)
        if unfinished and unfinished != self._unfinished:
            self.last_part = self.last_heard
            self.unanswered_since = None
        self._unfinished = unfinished

    async def _read(self, max_bytes: int | None) -> bytes:
        try:
            data = bytes(await self._stream.receive_some(max_bytes))
        except trio.BrokenResourceError as broken:
            data = b""  # a reset is an end as any other
            self._is_cut = self._is_cut or not isinstance(broken.__cause__, ConnectionResetError)
        if not data:
            self.peer_ended = not self._is_cut
            self.finished.set()
            self.opening.cancel()
            return b""
        self.reader_idle = False
        self.left = messages_in(data) if len(data) <= SHORT_READ else None
        self.last_heard = trio.current_time()
        self._before = self._chunk[-128:] if len(self._chunk) >= 128 else (self._before + self._chunk)[-128:]
        self._chunk = data
        if not self.opened.is_set():
            self._note_answer(data)
        return data

    def _note_answer(self, data: bytes) -> None:
        self.answer.add(data)
        status = self.answer.status
        if status is not None and status != SWITCHING_PROTOCOLS:
            self.opening.deadline = min(self.opening.deadline, trio.current_time() + REFUSAL_PATIENCE)
            if self.answer.is_too_long:
                self.opening.cancel()

    async def _say_last_words(self, code: int) -> None:
        """The WebSocket ended though we did not ask. trio-websocket answers a peer's Close, but not a broken rule."""
        if not self._close_sent:
            told = _close_at_end((self._before + self._chunk)[-LONGEST_CLOSE:])
            if told is not None and is_close_code(told[0]):
                self.close_told, code = told, told[0]
            else:
                self.violation = True
                self.close_told = None if told is None else (code, f"it sent the close code {told[0]}, which is none")
            if not self.sending:  # a Close inside another task's frame would help nobody
                frame = _close_frame(code)
                self._note_close(frame)
                self.send_broken = True  # a send that has its turn in trio-websocket must not cut in
                with trio.move_on_after(LINGER):
                    await self._write(frame)
        if self.violation:
            # Bytes left unread would turn our closing into a reset, and the Close frame would be lost with it.
            with trio.move_on_after(LINGER):
                while await self._read(READ_SIZE):
                    pass
        self.reader_idle = True
        self.finished.set()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Passes on. A connection broken by the peer is noted, not raised: what it sent before is still to be read.

        Canceled: perhaps half a frame is out and nothing can follow it, so the connection is dropped.
        """
        if data and data[0] == CLOSE:
            self._note_close(bytes(data))
        if self.send_broken:
            await trio.lowlevel.checkpoint()
            return
        await self._write(data)

    async def _write(self, data: bytes | bytearray | memoryview) -> None:
        kind = data[0] if data else 0
        if kind == TEXT:
            self.texts_begun += 1
        self.writing_since = trio.current_time()
        self._end_batch()  # the reader may wait for this send, with a pong of its own
        try:
            await self._stream.send_all(data)
        except trio.BrokenResourceError as broken:
            self.send_broken = True
            self._note_cut(broken)
        except trio.Cancelled:
            self.life.cancel()
            raise
        finally:
            self.writing_since = None
        if kind == PING and self.pinging is not None:
            self.pinging.cancel()

    def _note_cut(self, broken: trio.BrokenResourceError) -> None:
        """A write that the system gave up after a time, or found no way for, leaves an end behind as if of the peer."""
        cause = broken.__cause__
        if isinstance(cause, OSError) and not isinstance(cause, ConnectionResetError | BrokenPipeError):
            self._is_cut = True

    def _note_close(self, frame: bytes) -> None:
        self._close_sent = True
        payload = _unmasked_payload(frame)
        heard = self._before + self._chunk
        if self.closing is None and self.close_told is None and bytes((CLOSE, len(payload))) + payload not in heard:
            self.violation = True  # not our wish, and not the echo of the peer's Close
            if len(payload) > 2:
                self.verdict = int.from_bytes(payload[:2], "big"), payload[2:].decode()

    def _end_batch(self) -> None:
        if self.collecting is not None:
            self.collecting.cancel()

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        with trio.CancelScope(shield=True):  # it never blocks, and a cancellation would take an interrupt's place
            await trio.aclose_forcefully(self._stream)


def messages_in(read: bytes) -> int | None:
    """How many messages end in a read, if it holds whole frames and nothing else. A guess: a read that begins inside a
    frame can look like that. Too few only makes batches smaller, too many only makes them wait for the reader."""
    at, count = 0, 0
    while at + 2 <= len(read):
        size, head = read[at + 1] & 0x7F, 2
        if size == TWO_MORE:
            size, head = int.from_bytes(read[at + 2 : at + 4], "big"), 4
        elif size == EIGHT_MORE:
            return None  # more than a short read has
        if read[at] & FINAL and read[at] & OPCODE <= BINARY:
            count += 1
        at += head + size
    return count if at == len(read) else None


def _unmasked_payload(frame: bytes) -> bytes:
    """Payload of a client's control frame: two bytes of head, four of mask, at most 125 of payload."""
    return _mask(frame[6:], frame[2:6])


def _close_at_end(heard: bytes) -> tuple[int, str] | None:
    """Code and reason of the whole Close frame that ends what was heard; None if there is none."""
    for start in range(len(heard) - 3):
        if heard[start] == CLOSE and heard[start + 1] == len(heard) - start - 2:
            try:
                reason = heard[start + 4 :].decode()
            except UnicodeDecodeError:
                continue
            code = int.from_bytes(heard[start + 2 : start + 4], "big")
            if is_close_code(code) and (code in KNOWN or code >= 3000):
                continue  # trio-websocket would have answered it: only the end of another frame that looks like one
            return code, reason
    return None


def _unfinished(connection: WebSocketConnection) -> int:
    """How much has come of a message that is not complete. The one place that looks into trio-websocket."""
    return connection._message_size


def _close_frame(code: int) -> bytes:
    mask = os.urandom(4)
    return bytes((CLOSE, 0x80 | 2)) + mask + _mask(code.to_bytes(2, "big"), mask)


def _mask(payload: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


@frozen
class _Uninterrupted:
    """A nursery for trio-websocket's reader, which Ctrl-C must not end either."""

    nursery: trio.Nursery

    def start_soon(self, function: Callable[..., Awaitable[object]], *arguments: object) -> None:
        self.nursery.start_soon(_without_interrupts, function, *arguments, name=function)


@trio.lowlevel.enable_ki_protection
async def _without_interrupts(function: Callable[..., Awaitable[object]], *arguments: object) -> None:
    await function(*arguments)


class TrioWebSocket:
    """`Socket` over trio-websocket. Lives as long as `run`."""

    def __init__(self, stream: trio.abc.Stream, request: UpgradeRequest, options: SocketOptions) -> None:
        self._watched = _WatchedStream(stream)
        self._request = request
        self._options = options
        self._settled = trio.Event()  # open, or failed to open
        self._reader_failure: BaseException | None = None
        self._held: list[str | bytes] = []  # taken from trio-websocket, not returned yet
        self._pings = 0

    # Life

    @trio.lowlevel.enable_ki_protection  # Ctrl-C is for the program, and must not end what closes it
    async def run(self) -> None:
        """Keeps trio-websocket's reader. Ends with the reader or by `abort`, and closes the stream."""
        watched, request = self._watched, self._request
        try:
            with watched.life:
                async with trio.open_nursery() as nursery:
                    with watched.opening:
                        watched.connection = await wrap_client_stream(
                            cast(Any, _Uninterrupted(nursery)),
                            cast(Any, watched),  # annotated as sockets only, documented as any stream
                            request.host,
                            request.resource,
                            extra_headers=[(key.encode(), value.encode()) for key, value in request.headers],
                            message_queue_size=0,
                            max_message_size=self._options.max_message_size,
                            receive_buffer_size=READ_SIZE,
                        )
                        watched.opened.set()
                    self._settled.set()
                    if watched.connection is None:
                        nursery.cancel_scope.cancel()
        except* Exception as group:  # noqa: BLE001 - ends this link only; SocketClosed carries the cause
            self._reader_failure = group.exceptions[0]
        finally:
            self._settled.set()
            watched.finished.set()
            if watched.closing is not None:
                watched.closing.cancel()
            await watched.aclose()

    async def wait_open(self) -> None:
        """Raises OSError when the handshake failed. No cause is attached: it could quote our headers."""
        await self._settled.wait()
        if self._watched.connection is not None:
            return
        raise self._watched.answer.failure()

    @property
    def last_heard(self) -> float:
        return self._watched.last_heard

    @property
    def last_part(self) -> float:
        return self._watched.last_part

    @property
    def holds_messages(self) -> bool:
        watched = self._watched
        return bool(self._held) or not (watched.reader_idle or watched.sending or watched.finished.is_set())

    @property
    def unanswered_since(self) -> float | None:
        return self._watched.unanswered_since

    @property
    def writing_since(self) -> float | None:
        return self._watched.writing_since

    # Receiving

    async def receive_batch(self) -> list[str | bytes]:
        batch = self._held
        try:
            if not batch:
                batch.append(await self._connection.get_message())
                self._watched.note_taken()
            if self._watched.more_may_come:
                await self._collect(batch)
        except ConnectionClosed:
            if not batch:
                if self._watched.closing is None:
                    await self._watched.finished.wait()  # soon: the reader says its last words
                raise self._closed() from self._reader_failure
        self._held = []
        return batch

    async def _collect(self, batch: list[str | bytes]) -> None:
        """Adds what else the same read delivered. The stream cancels the scope when there is no more."""
        watched = self._watched
        with trio.CancelScope() as watched.collecting:
            try:
                while len(batch) < BATCH_LIMIT and watched.more_may_come:
                    # A message that was handed over is never lost by a cancellation: Trio delivers it first.
                    batch.append(await self._connection.get_message())
                    watched.note_taken()
            finally:
                watched.collecting = None

    # Sending

    async def send(self, text: str) -> None:
        watched = self._watched
        begun = watched.texts_begun
        if watched.is_over:
            raise self._closed()
        if watched.unanswered_since is None and text not in self._options.statements:
            watched.unanswered_since = trio.current_time()
        try:
            await self._connection.send_message(text)
        except ConnectionClosed:
            raise self._closed(begun=watched.texts_begun != begun) from None
        if watched.send_broken:
            raise self._closed(begun=watched.texts_begun != begun)

    async def ping(self) -> None:
        watched = self._watched
        if watched.is_over:
            raise self._closed()
        payload = bytes((self._pings % 256,))
        self._pings += 1
        with trio.CancelScope() as watched.pinging:  # canceled as soon as the frame is out
            try:
                await self._connection.ping(payload)
            except ValueError:
                await self._connection.pong(payload)  # 256 pings unanswered: this too keeps the path open
            except ConnectionClosed:
                raise self._closed() from None
            finally:
                watched.pinging = None
        if watched.send_broken:
            raise self._closed()

    # The end

    async def close(self, linger: float = LINGER) -> None:
        watched = self._watched
        try:
            with trio.CancelScope() as scope:
                if watched.closing is None and not watched.finished.is_set():
                    watched.linger_until = trio.current_time() + linger
                    watched.closing = scope
                    await self._connection.aclose()
                else:
                    await watched.finished.wait()  # another task is closing
        finally:
            self.abort()
            await watched.aclose()

    def abort(self) -> None:
        self._watched.life.cancel()

    @property
    def _connection(self) -> WebSocketConnection:
        connection = self._watched.connection
        assert connection is not None  # open_socket yields only after the handshake
        return connection

    def _closed(self, *, begun: bool = False) -> SocketClosed:
        watched = self._watched
        told = self._connection.closed
        if watched.closing is not None:
            return SocketClosed(None, "we closed it", begun=begun, ours=True)
        by_peer, violation = watched.peer_ended, watched.violation
        if told is not None and watched.close_told is not None:
            code, reason = watched.close_told
            return SocketClosed(code, reason, violation=violation, begun=begun, by_peer=by_peer or not violation)
        if told is not None and told.code != ABNORMAL:
            code, reason = watched.verdict or (int(told.code), told.reason or "")
            return SocketClosed(code, reason, violation=violation, begun=begun, by_peer=by_peer or not violation)
        if self._reader_failure is not None:
            reason = f"its reader failed with {type(self._reader_failure).__name__}"
            return SocketClosed(None, reason, begun=begun, by_peer=by_peer)
        return SocketClosed(None, "the connection was lost", begun=begun, by_peer=by_peer)
