"""Any stream, with the two ways out of a waiting call that `TcpStream` has by itself."""

from __future__ import annotations

import trio

from .tcp_stream import TcpStream

__all__ = ["SeverableStream", "severable"]


class SeverableStream(trio.abc.Stream):
    """Passes on. `cut` and `stop_receiving` end calls that wait, by a cancel scope around each."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._is_cut = False
        self._sending: trio.CancelScope | None = None
        self._receiving: trio.CancelScope | None = None

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._check()
        with trio.CancelScope() as self._sending:
            try:
                await self._stream.send_all(data)
            finally:
                self._sending = None
            return
        raise trio.ClosedResourceError("This stream was cut.")

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        self._check()
        with trio.CancelScope() as self._receiving:
            try:
                return await self._stream.receive_some(max_bytes)
            finally:
                self._receiving = None
        raise trio.ClosedResourceError("This stream was cut, or is not to be waited for any more.")

    def stop_receiving(self) -> None:
        """Ends a `receive_some` that waits, with ClosedResourceError. Nothing is lost, and the stream stays open."""
        if self._receiving is not None:
            self._receiving.cancel()

    def cut(self) -> None:
        """Ends waiting calls with ClosedResourceError. The stream itself is closed by `aclose`."""
        self._is_cut = True
        self.stop_receiving()
        if self._sending is not None:
            self._sending.cancel()

    async def aclose(self) -> None:
        self._is_cut = True
        await self._stream.aclose()

    def _check(self) -> None:
        if self._is_cut:
            raise trio.ClosedResourceError("This stream was cut.")


def severable(stream: trio.abc.Stream) -> TcpStream | SeverableStream:
    """The stream with ways out of a waiting call."""
    return stream if isinstance(stream, TcpStream) else SeverableStream(stream)
