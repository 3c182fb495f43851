"""Drawn streams: whatever frames, reads, pauses and cancellations, every transport gives the same, and it is right."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .drawn import (
    LIMIT,
    Delivery,
    Heard,
    Step,
    broken_stories,
    byte_by_byte,
    bytes_of,
    deliveries,
    garbage,
    hear,
    stories,
)
from .model import reading
from .rig import TRANSPORTS, Ending, in_virtual_time
from .wire import BINARY, CONTINUATION, PING, TEXT, close_frame, frame, head

AT_ONCE = Delivery(False, [], [], [])


def heard_by_each(sent: bytes, delivery: Delivery) -> list[Heard]:
    return [in_virtual_time(hear, transport, sent, delivery) for transport in TRANSPORTS]


def assert_answers(pongs: Sequence[bytes], pings: Sequence[bytes]) -> None:
    """5.5.3: in order, and of several pings at least the newest."""
    rest = iter(pings)
    assert all(any(ping == pong for ping in rest) for pong in pongs), "a pong without its ping, or out of order"
    assert list(pongs[-1:]) == list(pings[-1:])


@settings(max_examples=60)
@given(st.random_module(), stories(), deliveries)
def test_the_messages_come_out_in_order_and_the_pings_are_answered(
    schedule: object, steps: list[Step], delivery: Delivery
) -> None:
    for heard in heard_by_each(bytes_of(steps) + close_frame(1000, "done"), delivery):
        assert heard.messages == [step.message for step in steps if step.message is not None]
        assert (heard.ending, heard.reason) == (Ending(1000, by_peer=True), "done")
        assert_answers(heard.pongs, [step.ping for step in steps if step.ping is not None])
        assert [payload[:2] for payload in heard.closes] == [(1000).to_bytes(2, "big")]


@settings(max_examples=60)
@given(st.random_module(), broken_stories(), deliveries)
def test_what_comes_before_a_broken_rule_comes_out_and_then_its_code(
    schedule: object, story: tuple[list[Step], bytes, int], delivery: Delivery
) -> None:
    before, sent, code = story
    for heard in heard_by_each(sent, delivery):
        assert heard.messages == [step.message for step in before if step.message is not None]
        assert evolve(heard.ending, by_peer=False) == Ending(code, violation=True)
        assert_answers(heard.pongs, [step.ping for step in before if step.ping is not None])
        assert [payload[:2] for payload in heard.closes] == [code.to_bytes(2, "big")]


@settings(max_examples=80)
@given(st.random_module(), garbage, deliveries)
@example(None, head(TEXT, LIMIT + 1) + b"\xff" * 20, AT_ONCE)
@example(None, frame(TEXT, b"\xc3", fin=False) + frame(CONTINUATION, b"\x28") + frame(3), AT_ONCE)
@example(None, head(BINARY, (1 << 63) - 1), AT_ONCE)
def test_garbage_is_never_anything_but_messages_and_an_ending(
    schedule: object, sent: bytes, delivery: Delivery
) -> None:
    right = reading(sent, LIMIT)
    for heard in heard_by_each(sent, delivery):
        assert heard.messages == right.messages
        assert evolve(heard.ending, by_peer=False) in {evolve(ending, by_peer=False) for ending in right.endings}
        assert heard.ending.by_peer or heard.ending.violation, "a FIN came in any case"
        assert_answers(heard.pongs, right.pings)


@settings(max_examples=6)
@given(stories())
def test_one_read_and_a_read_for_each_byte_give_the_same(steps: list[Step]) -> None:
    sent = bytes_of(steps)
    for once, slowly in zip(heard_by_each(sent, AT_ONCE), heard_by_each(sent, byte_by_byte), strict=True):
        assert once.messages == slowly.messages
        assert once.ending == slowly.ending == Ending(None, by_peer=True)


# The model


@settings(max_examples=40)
@given(stories())
def test_the_model_reads_what_was_drawn(steps: list[Step]) -> None:
    right = reading(bytes_of(steps) + close_frame(1000), LIMIT)
    assert right.messages == [step.message for step in steps if step.message is not None]
    assert right.pings == [step.ping for step in steps if step.ping is not None]
    assert right.endings == {Ending(1000, by_peer=True)}


@settings(max_examples=40)
@given(broken_stories())
def test_the_model_finds_the_rule_that_was_broken(story: tuple[list[Step], bytes, int]) -> None:
    before, sent, code = story
    right = reading(sent, LIMIT)
    assert right.messages == [step.message for step in before if step.message is not None]
    assert right.endings == {Ending(code, violation=True)}


@pytest.mark.parametrize(
    ("pongs", "pings", "fine"),
    [
        ([], [], True),
        ([b"1", b"2"], [b"1", b"2"], True),
        ([b"2"], [b"1", b"2"], True),
        ([b"1"], [b"1", b"2"], False),
        ([b"2", b"1"], [b"1", b"2"], False),
        ([b"1", b"1"], [b"1"], False),
        ([], [b"1"], False),
        ([b"1"], [], False),
    ],
)
def test_what_counts_as_an_answer(pongs: list[bytes], pings: list[bytes], fine: bool) -> None:
    if fine:
        assert_answers(pongs, pings)
    else:
        with pytest.raises(AssertionError):
            assert_answers(pongs, pings)


def test_the_examples_reach_the_socket() -> None:
    """A ping in the middle, and nothing else: the plainest stream there is."""
    for heard in heard_by_each(frame(PING, b"p") + frame(TEXT, "a"), AT_ONCE):
        assert (heard.messages, heard.pongs) == (["a"], [b"p"])
