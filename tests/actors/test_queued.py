"""What an actor takes behind the item that it waited for."""

from __future__ import annotations

import pytest
import trio

from actors.plumbing.channels import MOST_AT_ONCE, queued


async def test_what_is_there_already_is_taken_in_its_order() -> None:
    send, receive = trio.open_memory_channel[int](10)
    for number in range(2):
        send.send_nowait(number)

    assert list(queued(receive)) == [0, 1]


async def test_a_flooded_actor_takes_a_few_and_then_lets_others_run() -> None:
    send, receive = trio.open_memory_channel[int](10)
    for number in range(10):
        send.send_nowait(number)

    assert list(queued(receive)) == list(range(MOST_AT_ONCE))
    assert receive.statistics().current_buffer_used == 10 - MOST_AT_ONCE


async def test_nothing_is_taken_before_it_is_wanted() -> None:
    send, receive = trio.open_memory_channel[int](10)
    send.send_nowait(1)
    send.send_nowait(2)

    for _ in queued(receive):
        break

    assert receive.statistics().current_buffer_used == 1


async def test_the_end_of_the_channel_is_told_behind_what_was_left() -> None:
    send, receive = trio.open_memory_channel[int](10)
    send.send_nowait(1)
    send.close()
    taken = []

    with pytest.raises(trio.EndOfChannel):
        for item in queued(receive):
            taken.append(item)

    assert taken == [1]


async def test_a_task_that_is_canceled_gets_no_second_one() -> None:
    send, receive = trio.open_memory_channel[int](10)
    send.send_nowait(1)
    send.send_nowait(2)

    with trio.CancelScope() as scope:
        scope.cancel()
        assert list(queued(receive)) == [1]

    assert receive.receive_nowait() == 2


async def test_the_last_ones_are_taken_where_a_cancellation_is_kept_away() -> None:
    send, receive = trio.open_memory_channel[int](10)
    send.send_nowait(1)
    send.send_nowait(2)

    with trio.CancelScope() as scope:
        scope.cancel()
        with trio.CancelScope(shield=True):
            assert list(queued(receive)) == [1, 2]
