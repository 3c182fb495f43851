"""A two-way byte stream in memory, bounded like a socket, and a listener that hands such streams out.

Same behaviour as a TCP connection on one machine: a writer waits while the reader is behind, a closed end breaks
the other, bytes already sent are still read. No time passes in it, so tests run on virtual time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import trio
from attrs import Factory, define

__all__ = ["MemoryListener", "MemoryStream", "memory_stream_pair"]

CAPACITY = 65536


@define(eq=False)
class _Pipe:
    """One direction. Each end is used by one task at a time; the state is shared by the two ends only."""

    capacity: int
    data: bytearray = Factory(bytearray)
    writer_ended: bool = False  # nothing more will be written; what is in data can still be read
    writer_closed: bool = False
    reader_closed: bool = False
    writing: bool = False
    reading: bool = False
    changed: trio.lowlevel.ParkingLot = Factory(trio.lowlevel.ParkingLot)

    async def put(self, data: bytes | bytearray | memoryview) -> None:
        with self._only_writer():
            await trio.lowlevel.checkpoint()
            self._check_writable()
            with memoryview(data) as view:
                written = 0
                while written < len(view):
                    await self._wait_for_room()
                    piece = view[written : written + self.capacity - len(self.data)]
                    self.data += piece
                    written += len(piece)
                    self.changed.unpark_all()

    async def wait_writable(self) -> None:
        with self._only_writer():
            await trio.lowlevel.checkpoint()
            await self._wait_for_room()

    async def take(self, limit: int) -> bytes:
        with self._only_reader():
            await trio.lowlevel.checkpoint()
            while not self.data:
                if self.reader_closed:
                    raise trio.ClosedResourceError("This end of the stream is closed.")
                if self.writer_ended:
                    return b""
                await self.changed.park()
            if self.reader_closed:
                raise trio.ClosedResourceError("This end of the stream is closed.")
            piece = bytes(self.data[:limit])
            del self.data[:limit]
            self.changed.unpark_all()
            return piece

    async def end(self) -> None:
        """No more bytes follow those already written."""
        with self._only_writer():
            await trio.lowlevel.checkpoint()
            if self.writer_closed:
                raise trio.ClosedResourceError("This end of the stream is closed.")
            self.writer_ended = True
            self.changed.unpark_all()

    def close_writer(self) -> None:
        self.writer_closed = self.writer_ended = True
        self.changed.unpark_all()

    def close_reader(self) -> None:
        self.reader_closed = True
        self.data.clear()
        self.changed.unpark_all()

    async def _wait_for_room(self) -> None:
        self._check_writable()
        while len(self.data) >= self.capacity:
            await self.changed.park()
            self._check_writable()

    def _check_writable(self) -> None:
        if self.writer_ended:
            raise trio.ClosedResourceError("This end of the stream is closed, or its end was sent.")
        if self.reader_closed:
            raise trio.BrokenResourceError("The peer closed the stream.")

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        if self.writing:
            raise trio.BusyResourceError("Another task is writing to this stream.")
        self.writing = True
        try:
            yield
        finally:
            self.writing = False

    @contextmanager
    def _only_reader(self) -> Iterator[None]:
        if self.reading:
            raise trio.BusyResourceError("Another task is reading from this stream.")
        self.reading = True
        try:
            yield
        finally:
            self.reading = False


class MemoryStream(trio.abc.HalfCloseableStream):
    """One end of a pair made by `memory_stream_pair`. Who holds it closes it."""

    def __init__(self, outgoing: _Pipe, incoming: _Pipe) -> None:
        self._outgoing = outgoing
        self._incoming = incoming

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Waits until the peer's buffer took everything. Canceled: any part may have been sent, as with a socket.

        Raises BrokenResourceError when the peer has closed, ClosedResourceError after our own close or
        `send_eof`, BusyResourceError while another task sends.
        """
        await self._outgoing.put(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._outgoing.wait_writable()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Between 1 and max_bytes bytes; b"" once the peer has ended and everything is read. Canceled: none lost.

        Raises ClosedResourceError after our own close, BusyResourceError while another task receives.
        """
        limit = self._incoming.capacity if max_bytes is None else max_bytes
        if not isinstance(limit, int):
            raise TypeError("max_bytes must be an int.")
        if limit < 1:
            raise ValueError("max_bytes must be at least 1.")
        return await self._incoming.take(limit)

    @property
    def is_readable(self) -> bool:
        """True when `receive_some` would return at once: bytes are waiting, or the peer has ended."""
        return bool(self._incoming.data) or self._incoming.writer_ended

    async def send_eof(self) -> None:
        await self._outgoing.end()

    def close(self) -> None:
        """Closes both directions at once, without a checkpoint. The peer can still read what was sent before."""
        self._outgoing.close_writer()
        self._incoming.close_reader()

    async def aclose(self) -> None:
        """As `close`; closed even when canceled."""
        self.close()
        await trio.lowlevel.checkpoint()


def memory_stream_pair(capacity: int = CAPACITY) -> tuple[MemoryStream, MemoryStream]:
    """Two connected ends. capacity: bytes that may wait unread in each direction."""
    if capacity < 1:
        raise ValueError("capacity must be at least 1 byte.")
    there, back = _Pipe(capacity), _Pipe(capacity)
    return MemoryStream(there, back), MemoryStream(back, there)


class MemoryListener(trio.abc.Listener[MemoryStream]):
    """Accepts connections made by `connect` in the same process. Close it as any listener.

    backlog: connections that may wait to be accepted; a further `connect` waits. capacity: as for
    `memory_stream_pair`.
    """

    def __init__(self, backlog: int = 64, capacity: int = CAPACITY) -> None:
        if backlog < 1:
            raise ValueError("backlog must be at least 1.")
        self._capacity = capacity
        self._connecting, self._accepting = trio.open_memory_channel[MemoryStream](backlog)

    async def connect(self) -> MemoryStream:
        """Our end of a new connection; the caller closes it. Raises ConnectionRefusedError when the listener is
        closed."""
        ours, theirs = memory_stream_pair(self._capacity)
        try:
            await self._connecting.send(theirs)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise ConnectionRefusedError("The listener in memory is closed.") from None
        return ours

    async def accept(self) -> MemoryStream:
        """The next connection; the caller closes it. Raises ClosedResourceError after close."""
        try:
            return await self._accepting.receive()
        except trio.EndOfChannel:
            raise trio.ClosedResourceError("This listener is closed.") from None

    async def aclose(self) -> None:
        """Connections that were not accepted yet break, as with a socket."""
        with suppress(trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
            while True:
                self._accepting.receive_nowait().close()
        self._connecting.close()
        self._accepting.close()
        await trio.lowlevel.checkpoint()
