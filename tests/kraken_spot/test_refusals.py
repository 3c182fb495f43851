"""What Kraken Spot's refusals mean for orders, logins and counters, at a peer that is typed by hand (spec A.2, A.3,
A.14 to A.16). A limit that was hit executed nothing; a web page decides nothing; and nothing vanishes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors import (
    AuthenticationError,
    Client,
    NotSent,
    Order,
    OrderRejected,
    OrderStatus,
    events,
    open_client,
)
from protocol.kraken_spot.rest_answers import is_over_budget
from protocol.venue import HttpAnswer

from ..scripted_spot import (
    ID,
    Reply,
    ScriptedSpot,
    at_spot,
    buy,
    error,
    in_turn,
    open_scripted_spot,
    refused_with,
    spot_config,
)
from ..scripted_venue import Message, Peer
from ..trading import drain, names


def of(kind: Any, heard: list[Any]) -> list[Any]:
    return [event for event in heard if isinstance(event, kind)]


# The token call

PASSING: dict[str, tuple[Reply, float]] = {
    "too many calls": (error("EAPI:Rate limit exceeded"), 5),
    "too many logins": (error("EAuth:Rate limit exceeded"), 5),
    "too many logins, in other words": (error("EAuth:Too many requests"), 5),
    "too many requests": (error("EGeneral:Too many requests"), 5),
    "too many at once": (error("EService: Throttled: 1790000001"), 5),
    "too many logins, forbidden": ((403, '{"error":["EAuth:Too many requests"]}'), 5),
    "locked out": (error("EGeneral:Temporary lockout"), 900),
    "a nonce out of turn": (error("EAPI:Invalid nonce"), 0),
    "another word about logins": (error("EAuth:Something brand new"), 0),
    "a page, unauthorized": ((401, "<html><title>401 Authorization Required</title></html>"), 0),
    "a page, forbidden": ((403, "<html><title>Attention Required! | Cloudflare</title></html>"), 0),
    "a page, out of order": ((503, "<html><title>503 Service Temporarily Unavailable</title></html>"), 0),
    "plain text, forbidden": ((403, "error code: 1020"), 0),
    "nothing at all, unauthorized": ((401, ""), 0),
}


@pytest.mark.parametrize("kind", PASSING)
async def test_a_login_that_is_put_off_is_tried_again_after_a_pause(autojump_clock: MockClock, kind: str) -> None:
    reply, pause = PASSING[kind]
    async with open_scripted_spot() as venue:
        venue.on_call["GetWebSocketsToken"] = in_turn(reply, then=venue._list_GetWebSocketsToken)
        async with open_client(spot_config(venue)) as client:
            order = await client.submit(buy())
            await order.accepted()
        first, second = venue.asked_at("GetWebSocketsToken")[:2]
        assert second - first >= pause


@pytest.mark.parametrize("kind", PASSING)
async def test_a_login_that_is_put_off_after_a_loss_of_the_link_ends_nothing(
    autojump_clock: MockClock, kind: str
) -> None:
    reply, _ = PASSING[kind]
    async with at_spot() as (venue, client, stream):
        venue.on_call["GetWebSocketsToken"] = in_turn(reply, reply, then=venue._list_GetWebSocketsToken)
        venue.peer.drop()
        heard = await drain(stream, 2000)
        assert of(events.AuthenticationFailed, heard) == []
        assert of(events.Reconciled, heard)
        assert await client.submit(buy())


@pytest.mark.parametrize(
    "text",
    [
        "EAPI:Permission denied",
        "EGeneral:Permission denied",
        "EAccount:Invalid permissions:API key has no permission",
        "EAPI:Invalid key",
        "EAPI:Invalid signature",
        "EAuth:Account temporary disabled",
        "EAuth:Account unconfirmed",
    ],
)
async def test_a_key_that_may_not_log_in_ends_the_session(autojump_clock: MockClock, text: str) -> None:
    async def refuse(params: dict[str, str]) -> Reply:
        return error(text)

    async with open_scripted_spot(on_call={"GetWebSocketsToken": refuse}) as venue:
        with pytest.raises(AuthenticationError, match=text):
            async with open_client(spot_config(venue)):
                pass
        assert len(venue.asked("GetWebSocketsToken")) == 1


# Placements

NOT_EXECUTED = [
    "EOrder:Rate limit exceeded",
    "EOrder:Domain rate limit exceeded",
    "EAPI:Rate limit exceeded",
    "EGeneral:Too many requests",
    "EService: Throttled: 1790000001",
    "EBM:limit exceeded:CAL",
    "EAPI:Invalid nonce",
    "EGeneral:Temporary lockout",
    "EService:Deadline elapsed",
    "EAPI:Permission denied",
]


@pytest.mark.parametrize("text", NOT_EXECUTED)
async def test_a_placement_that_was_certainly_not_executed_is_rejected_and_not_sent_again(
    autojump_clock: MockClock, text: str
) -> None:
    async with at_spot() as (venue, client, stream):
        venue.on["add_order"] = refused_with(text)
        order = await client.submit(buy())
        with pytest.raises(OrderRejected, match=text):
            await order.accepted()
        heard = await drain(stream, 120)
        assert of(events.StatusUnknown, heard) == []
        assert len(venue.requests("add_order")) == 1
        assert venue.asked("OpenOrders") == [], "there is nothing to look for"


@pytest.mark.parametrize("text", NOT_EXECUTED)
async def test_a_placement_over_rest_that_was_certainly_not_executed_is_rejected(
    autojump_clock: MockClock, text: str
) -> None:
    async def refuse(params: dict[str, str]) -> Reply:
        return error(text)

    async with at_spot(rest_entry=True) as (venue, client, _):
        venue.on_call["AddOrder"] = refuse
        order = await client.submit(buy())
        with pytest.raises(OrderRejected, match=text):
            await order.accepted()


@pytest.mark.parametrize("status", [403, 502, 520])
async def test_a_page_in_place_of_an_answer_leaves_a_placement_unknown(autojump_clock: MockClock, status: int) -> None:
    async def page(params: dict[str, str]) -> Reply:
        return status, "<html><title>error code: 520</title></html>"

    async with at_spot(rest_entry=True) as (venue, client, stream):
        venue.on_call["AddOrder"] = page
        order = await client.submit(buy())
        heard = await drain(stream, 30)
        assert of(events.StatusUnknown, heard)
        assert (await order.state()).status is OrderStatus.UNKNOWN
        assert venue.asked("OpenOrders"), "it is looked for"


# Cancels and changes: none of them vanishes


async def resting(client: Client) -> Order:
    order = await client.submit(buy())
    await order.accepted()
    return order


UNSURE = ["EService:Unavailable", "EService:Busy", "EGeneral:Internal error", "EBrandNew:Something"]


@pytest.mark.parametrize("text", [*NOT_EXECUTED, *UNSURE])
async def test_a_cancel_that_comes_to_nothing_is_told(autojump_clock: MockClock, text: str) -> None:
    async with at_spot() as (venue, client, stream):
        order = await resting(client)
        await trio.sleep(10)  # not fresh any more
        venue.on["cancel_order"] = refused_with(text)
        await client.cancel(order)
        heard = await drain(stream, 60)
        (rejected,) = of(events.CancelRejected, heard)
        assert text in rejected.reason
        assert (await order.state()).status is OrderStatus.ACCEPTED


@pytest.mark.parametrize("text", [*NOT_EXECUTED, *UNSURE])
async def test_a_change_that_comes_to_nothing_is_told(autojump_clock: MockClock, text: str) -> None:
    async with at_spot() as (venue, client, stream):
        order = await resting(client)
        await trio.sleep(10)
        venue.on["amend_order"] = refused_with(text)
        await client.replace(order, price="60001")
        heard = await drain(stream, 60)
        (rejected,) = of(events.ReplaceRejected, heard)
        assert text in rejected.reason
        assert str((await order.state()).price) in ("60000", "60000.0")


@pytest.mark.parametrize("text", ["EOrder:Rate limit exceeded", "EAPI:Rate limit exceeded"])
async def test_a_cancel_that_meets_a_limit_is_sent_again(autojump_clock: MockClock, text: str) -> None:
    async with at_spot() as (venue, client, stream):
        order = await resting(client)
        await trio.sleep(10)
        refuse, tries = refused_with(text), []

        async def refuse_twice(peer: Peer, message: Message) -> None:
            tries.append(trio.current_time())
            await (refuse if len(tries) <= 2 else venue.take_cancel)(peer, message)

        venue.on["cancel_order"] = refuse_twice
        await client.cancel(order)
        heard = await drain(stream, 30)
        assert names(heard)[-1] == "Canceled"
        assert of(events.CancelRejected, heard) == []
        assert [later - earlier >= 1 for earlier, later in pairwise(tries)] == [True, True]


@pytest.mark.parametrize("method", ["cancel_order", "amend_order"])
@pytest.mark.parametrize("text", ["EOrder:Invalid order", "EOrder:Unknown order"])
async def test_an_order_that_is_gone_is_asked_for(autojump_clock: MockClock, text: str, method: str) -> None:
    """Neither value shows which end it took."""
    async with at_spot() as (venue, client, stream):
        order = await resting(client)
        await trio.sleep(10)
        venue.on[method] = refused_with(text)
        venue.closed_rows[ID] = venue.open_rows.pop(ID) | {"status": "canceled", "reason": "User requested"}
        await (client.cancel(order) if method == "cancel_order" else client.replace(order, price="60001"))
        heard = await drain(stream, 30)
        assert names(heard)[-1] == "Canceled"
        assert [asked["txid"] for asked in venue.asked("QueryOrders")] == [ID]


# What the venue's count says of ours


async def refused_for_a_limit(venue: ScriptedSpot, client: Client, text: str) -> None:
    venue.on["add_order"] = refused_with(text)
    order = await client.submit(buy())
    with pytest.raises(OrderRejected):
        await order.accepted()
    venue.on["add_order"] = venue.take_order


@pytest.mark.parametrize("text", ["EOrder:Rate limit exceeded", "EOrder:Domain rate limit exceeded"])
async def test_orders_wait_here_after_a_refusal_for_the_limit(autojump_clock: MockClock, text: str) -> None:
    """The counter of the pair runs down by 3.75 points a second from 180 to the 160 that leave room for cancels."""
    async with at_spot() as (venue, client, _):
        await refused_for_a_limit(venue, client, text)
        with pytest.raises(NotSent, match="Try again then"):
            await client.submit(buy())
        assert len(venue.requests("add_order")) == 1
        await trio.sleep(6)
        assert await client.submit(buy())


async def test_other_refusals_hold_no_order_back(autojump_clock: MockClock) -> None:
    async with at_spot() as (venue, client, _):
        await refused_for_a_limit(venue, client, "EAPI:Rate limit exceeded")
        order = await client.submit(buy())
        await order.accepted()


# The subscription


@pytest.mark.parametrize("text", ["EAPI:Rate limit exceeded", "EAuth:Too many requests", "EGeneral:Too many requests"])
async def test_a_subscription_that_is_put_off_is_tried_again(autojump_clock: MockClock, text: str) -> None:
    async with open_scripted_spot() as venue:
        refuse = refused_with(text)

        async def refuse_once(peer: Peer, message: Message) -> None:
            venue.on["subscribe"] = venue.subscribe
            await refuse(peer, message)

        venue.on["subscribe"] = refuse_once
        async with open_client(spot_config(venue)) as client:
            order = await client.submit(buy())
            await order.accepted()
        assert len(venue.peers) == 2


@pytest.mark.parametrize(
    ("body", "status", "is_so"),
    [
        ('{"error":["EAPI:Rate limit exceeded"]}', 200, True),
        ('{"error":["EAPI:Rate limit exceeded"],"result":{}}', 429, True),
        ('{"error":["EAPI:Rate limit exceeded"]}', 502, False),
        ('{"error":["EOrder:Rate limit exceeded"]}', 200, False),
        ('{"error":[],"result":{"note":"EAPI:Rate limit exceeded"}}', 200, False),
        ("<html>EAPI:Rate limit exceeded</html>", 200, False),
    ],
)
def test_the_counter_of_calls_is_full_when_the_venue_refuses_one_for_it(body: str, status: int, is_so: bool) -> None:
    assert is_over_budget(HttpAnswer(status=status, body=body.encode())) is is_so
