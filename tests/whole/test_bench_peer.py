"""The scripted peer of the benchmarks, and how rounds and delays are taken."""

from __future__ import annotations

import itertools
from functools import partial

import pytest

from benchmarks.conversation import Conversation
from benchmarks.delays import delays
from benchmarks.frames import SPEAKERS
from benchmarks.rounds import in_turns

UPGRADE = b"GET /x/%s HTTP/1.1\r\nHost: peer\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""RFC 6455, section 1.3: what belongs to that key."""


def conversation(venue: str = "ax") -> Conversation:
    numbers = itertools.count(1)
    return Conversation(SPEAKERS[venue], lambda: f"{next(numbers):07d}", lambda path: "{}" if path == "/go/x" else None)


def masked(payload: bytes, opcode: int = 1) -> bytes:
    assert len(payload) < 126
    mask = b"\x01\x02\x03\x04"
    covered = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    return bytes((0x80 | opcode, 0x80 | len(payload))) + mask + covered


def test_the_upgrade_is_answered_in_one_write_with_the_greeting() -> None:
    peer = conversation()
    answer = peer.receive(UPGRADE % b"answer")
    assert ACCEPT in answer
    assert answer.endswith(SPEAKERS["ax"].greeting.encode())
    assert (peer.path, peer.is_logged_in) == ("answer", True)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_placement_is_answered_however_its_bytes_are_split(size: int) -> None:
    peer = conversation()
    peer.receive(UPGRADE % b"answer")
    sent = masked(b'{"rid":7,"t":"p","cid":4711}')
    answer = b"".join(peer.receive(sent[at : at + size]) for at in range(0, len(sent), size))
    assert b'"rid":7' in answer
    assert b'"cid":4711' in answer


def test_only_the_path_that_answers_does() -> None:
    peer = conversation()
    peer.receive(UPGRADE % b"fills")
    assert peer.receive(masked(b'{"rid":7,"t":"p","cid":4711}')) == b""


def test_a_venue_with_a_login_waits_for_it_but_not_for_a_floor() -> None:
    peer = conversation("kraken-spot")
    peer.receive(UPGRADE % b"fills")
    before = peer.is_logged_in
    assert b'"snapshot"' in peer.receive(masked(b'{"method":"subscribe"}'))
    assert (before, peer.is_logged_in) == (False, True)

    floor = conversation("kraken-spot")
    floor.receive(UPGRADE % b"raw-fills")
    assert (floor.path, floor.is_logged_in) == ("fills", True)


def test_close_is_answered_and_ends_it() -> None:
    peer = conversation()
    peer.receive(UPGRADE % b"answer")
    assert peer.receive(masked(b"\x03\xe8", opcode=8)) == b"\x88\x02\x03\xe8"
    assert peer.is_over


def test_calls_over_http_are_heard_and_answered_one_by_one() -> None:
    peer = conversation("kraken-futures")
    assert peer.receive(b"GET /go/x HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\n{}")
    assert peer.receive(b"POST /sendorder HTTP/1.1\r\nContent-Length: 4\r\n\r\nab") == b""
    assert b'"placed"' in peer.receive(b"cd")


def test_rounds_alternate_who_is_first() -> None:
    order: list[str] = []

    def measure(name: str) -> str:
        order.append(name)
        return name

    measured = in_turns(3, {name: partial(measure, name) for name in ("ours", "floor")})
    assert order == ["ours", "floor", "floor", "ours", "ours", "floor"]
    assert measured == {"ours": ["ours"] * 3, "floor": ["floor"] * 3}


def test_a_delay_counts_from_the_write_or_from_when_it_was_due_if_the_client_held_it_up() -> None:
    bursts = [(0, 100_000), (1_000_000, 5_000_000)]
    assert delays([300_000, 400_000, 6_000_000, 7_000_000], bursts, 2) == [200.0, 300.0, 5000.0, 6000.0]
