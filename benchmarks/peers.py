"""The feeder process, and what it is told from here."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    import trustme

__all__ = ["burst_times", "call_for_fills", "client_context", "open_feeder"]


@cache
def _authority() -> trustme.CA:
    import trustme  # not installed where only the counts are taken

    return trustme.CA()


@contextmanager
def _certificate() -> Iterator[str]:
    """The name of a file with a key and a certificate for 127.0.0.1."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "feeder.pem"
        _authority().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(file))
        yield str(file)


@cache
def client_context() -> ssl.SSLContext:
    """Trusts a feeder that speaks TLS."""
    context = ssl.create_default_context()
    _authority().configure_trust(context)
    return context


@contextmanager
def open_feeder(venue: str, fills: int, orders: int, *, tls: bool = False) -> Iterator[int]:
    """Starts the feeder and gives its port; terminates it at the end."""
    with _certificate() if tls else nullcontext() as certificate:
        command = [sys.executable, "-m", "benchmarks.feeder", venue, str(fills), str(orders)]
        command += ["--tls", certificate] if certificate else []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as feeder:
            try:
                assert feeder.stdout is not None
                yield int(feeder.stdout.readline())
            finally:
                feeder.terminate()


async def call_for_fills(port: int, path: str) -> None:
    """Makes the feeder send the next lot on the connections with that path, without anything said on those."""
    await _get(port, f"/go/{path}")


async def burst_times(port: int) -> list[tuple[int, int]]:
    """When each burst of the last paced lot was due, and when its sending began, in ns of the monotonic clock."""
    return [(due, sent) for due, sent in json.loads(await _get(port, "/times"))]


async def _get(port: int, path: str) -> bytes:
    answer = b""
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        while not _is_whole(answer):
            answer += await stream.receive_some()
    return answer.partition(b"\r\n\r\n")[2]


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    length = head.rpartition(b"Content-Length: ")[2]
    return length.isdigit() and len(body) >= int(length)
