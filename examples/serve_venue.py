"""A simulated venue as a program of its own, for clients in other processes and other languages.

    python examples/serve_venue.py VENUE --port 8080 [--api-key K --api-secret S] [--tls] [--ledger FILE] [--seed N]

VENUE is ax, kraken-futures or kraken-spot. Prints `listening http://… ws://…` when it is ready, then the key and secret
that it accepts unless they were given (Kraken's secrets are base64 text). It runs until SIGINT or SIGTERM, and keeps
quotes in the book, so that marketable orders fill. With --ledger every input is written to FILE as it comes, and those
that are there already are replayed at the start: orders and positions survive a restart.
"""

from __future__ import annotations

import argparse
import errno
import signal
import ssl
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import trio

from trio_orders import ApiKey, open_simulated_venue
from trio_orders.testing import VENUES, Exchange, ExchangeInput, Instant, encode_input, replay, venue_row


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve a simulated trading venue on this machine.")
    parser.add_argument("venue", choices=sorted(VENUES))
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes any free one")
    parser.add_argument("--api-key", help="the key that may log in, instead of the one that is printed")
    parser.add_argument("--api-secret", help="its secret; base64 text at Kraken")
    parser.add_argument("--tls", action="store_true", help="encrypt, with a certificate made for this run")
    parser.add_argument("--ledger", type=Path, help="file in which the venue's inputs are kept")
    parser.add_argument("--seed", type=int, default=0)
    parsed = parser.parse_args()
    if (parsed.api_key is None) != (parsed.api_secret is None):
        parser.error("--api-key and --api-secret go together")
    return parsed


class LedgerFile:
    """Writes each input as a line before the venue gets it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.exchange: Exchange | None = None

    def __call__(self, item: ExchangeInput, now: Instant) -> None:
        assert self.exchange is not None  # inputs come only once it serves
        line = encode_input(self.exchange, item, now)
        if line is not None:
            self._file.write(line + "\n")
            self._file.flush()

    def restore(self, exchange: Exchange, now: Instant) -> int:
        """Replays what the file holds, and goes on behind it."""
        self.exchange = exchange
        self._file.seek(0)
        lines = self._file.readlines()
        if lines and not lines[-1].endswith("\n"):
            self._file.write("\n")  # a crash cut the last line; it is not counted
        return replay(exchange, lines, now)


def open_ledger(path: Path) -> TextIO:
    """Ends the program with a sentence when the file cannot be opened."""
    try:
        return path.open("a+", encoding="utf-8")
    except OSError as problem:
        raise SystemExit(f"The ledger {path} cannot be opened: {problem.strerror}.") from None


def own_certificate(stack: ExitStack) -> ssl.SSLContext:
    """A context with a certificate made for this run; prints where the authority that signed it is."""
    import trustme  # in the demo extra

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    path = Path(folder) / "authority.pem"
    authority.cert_pem.write_to_path(path)
    print(f"certificate authority {path}", flush=True)
    return context


async def serve(options: argparse.Namespace, stack: ExitStack) -> None:
    settings: dict[str, Any] = {}
    if options.api_key is not None:
        settings |= venue_row(options.venue).simulation().with_key(options.api_key, options.api_secret)
    ledger = None
    if options.ledger is not None:
        ledger = LedgerFile(stack.enter_context(open_ledger(options.ledger)))
    tls = own_certificate(stack) if options.tls else None
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with open_simulated_venue(
            options.venue,
            seed=options.seed,
            port=options.port,
            tls=tls,
            on_input=ledger,
            prepare=None if ledger is None else ledger.restore,
            **settings,
        ) as venue:
            print(f"listening {venue.rest_url} {venue.url}", flush=True)
            if options.api_key is None and isinstance(venue.credentials, ApiKey):
                print(f"accepts key {venue.credentials.key} secret {venue.credentials.secret}", flush=True)
            async for _ in signals:
                break
    print("stopped", flush=True)


def main() -> None:
    options = arguments()
    with ExitStack() as resources:
        try:
            trio.run(serve, options, resources)
        except OSError as problem:
            if problem.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise SystemExit(f"Port {options.port} cannot be used: {problem.strerror}. Choose another.") from None


if __name__ == "__main__":
    main()
