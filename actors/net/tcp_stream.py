"""A stream straight on a connected TCP socket, for connections on which every turn of the scheduler counts.

Trio's own `SocketStream` lets other tasks run behind each write, and reads before it waits. Here a write that the
system takes at once costs no turn, and a read waits first: what a venue answers is never here yet.
"""

from __future__ import annotations

import errno
import socket as sockets
from typing import Final

import trio

__all__ = ["TcpStream"]

DEFAULT_READ: Final = 65536
CLOSED_ERRORS: Final = frozenset({errno.EBADF, getattr(errno, "ENOTSOCK", errno.EBADF)})


class TcpStream(trio.abc.Stream):
    """One connection. One task may send while another receives. Who holds it closes it."""

    def __init__(self, connected: trio.SocketStream) -> None:
        """Takes the connection over; `connected` is of no use any more."""
        self._socket = sockets.socket(fileno=connected.socket.detach())
        self._socket.setblocking(False)
        self._is_sending = False
        self._is_receiving = False

    @property
    def socket(self) -> sockets.socket:
        """To read or set options of. Do not close it, and do not read from it."""
        return self._socket

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Returns when the system has taken everything. What it takes at once is no checkpoint.

        Raises BrokenResourceError, with the system's error as its cause, when the connection is lost;
        ClosedResourceError after our own close, BusyResourceError while another task sends.
        """
        if self._is_sending:
            raise trio.BusyResourceError("Another task is writing to this stream.")
        sent = self._send(data)
        if sent < len(data):
            await self._send_rest(data, sent)

    def _send(self, data: bytes | bytearray | memoryview) -> int:
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise _ended(error) from error

    async def _send_rest(self, data: bytes | bytearray | memoryview, sent: int) -> None:
        self._is_sending = True
        try:
            with memoryview(data) as view:
                while sent < len(view):
                    await self._wait_writable()
                    with view[sent:] as rest:
                        sent += self._send(rest)
        finally:
            self._is_sending = False

    async def _wait_writable(self) -> None:
        try:
            await trio.lowlevel.wait_writable(self._socket)
        except trio.ClosedResourceError:
            if self._socket.fileno() < 0:
                raise
            # It was the reader that had to wake: see stop_receiving.

    async def wait_send_all_might_not_block(self) -> None:
        if self._is_sending:
            raise trio.BusyResourceError("Another task is writing to this stream.")
        self._check_open()
        self._is_sending = True
        try:
            await self._wait_writable()
        finally:
            self._is_sending = False

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Between 1 and max_bytes bytes; b"" once the peer has ended and everything is read. Canceled: none is lost.
        Other tasks run before each read, however much there is to be read.

        Raises BrokenResourceError, with the system's error as its cause, when the connection is lost;
        ClosedResourceError after our own close, BusyResourceError while another task receives.
        """
        if self._is_receiving:
            raise trio.BusyResourceError("Another task is reading from this stream.")
        limit = DEFAULT_READ if max_bytes is None else max_bytes
        if limit < 1:
            raise ValueError("max_bytes must be 1 or more.")
        self._check_open()
        self._is_receiving = True
        try:
            while True:
                await trio.lowlevel.wait_readable(self._socket)
                try:
                    return self._socket.recv(limit)
                except BlockingIOError:
                    pass  # it looked readable
        except OSError as error:
            raise _ended(error) from error
        finally:
            self._is_receiving = False

    def stop_receiving(self) -> None:
        """Ends a `receive_some` that waits, with ClosedResourceError. Nothing is lost, and the stream stays open."""
        if self._is_receiving and self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)

    def cut(self) -> None:
        """Closes the connection at once. Waiting calls end with ClosedResourceError."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()

    async def aclose(self) -> None:
        self.cut()
        await trio.lowlevel.checkpoint()

    @property
    def is_readable(self) -> bool:
        """True when a read would return at once; also when the connection was closed, by whichever side."""
        try:
            self._socket.recv(1, sockets.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def _check_open(self) -> None:
        if self._socket.fileno() < 0:
            raise trio.ClosedResourceError("This stream is closed.")


def _ended(error: OSError) -> trio.BrokenResourceError | trio.ClosedResourceError:
    if error.errno in CLOSED_ERRORS:
        return trio.ClosedResourceError("This stream is closed.")
    return trio.BrokenResourceError(f"The connection was lost: {error}")
