"""Orders that are ours though the journal does not have them, because their intents were lost with the power."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import field, frozen

from protocol import events, facts, requests
from protocol.client_order_ids import IdMark, new_client_order_id
from protocol.dispatch import snapshot
from protocol.dispatch.records import Registered
from protocol.facts import Outcome
from protocol.structs import evolve
from protocol.values import ClientOrderId, OrderStatus
from protocol.venue import SECOND, VenueRules
from tests.guarding import NOBODYS, asked, told
from tests.order_life import PlainVenue, canceled, refused, took, trade, traded, view
from tests.question_rig import dated
from tests.restarting import Run, fills_in, first_run

MARK, NEXT = IdMark("0123456789abcdef", "aa" * 8), IdMark("0123456789abcdef", "bb" * 8)
NAME = str(new_client_order_id(bytes(range(16)), MARK))
READS = VenueRules(venue="TEST", reads_history=True, query_delays=(SECOND,))
BY_TAG = VenueRules(venue="TEST", reads_history=True, chain_history=True, status_shows_terms=False, marks_by_tag=True)


@frozen
class NamedVenue(PlainVenue):
    """Client order ids cross its wire as they are."""

    rules: VenueRules = field(default=READS)

    def wire_id(self, client_order_id: ClientOrderId) -> Any:
        return client_order_id

    def external_client_order_id(self, wire_id: int | str) -> ClientOrderId:
        return ClientOrderId(str(wire_id))


def euros(symbol: str) -> str:
    return {"GOLD": "EUR"}[symbol]


def named(oid: str = "v1", **terms: Any) -> facts.OrderView:
    return evolve(view(oid, None, **terms), wire_id=NAME)


def after_the_power(venue: Any = None, **options: Any) -> Run:
    """A run whose predecessor has submitted one order that the journal has, and then another that it has not."""
    run = Run(venue=venue or NamedVenue(), mark=MARK, **options)
    run.log_in()
    run.place("a1")
    run.hear(took(run.numbers, "v0"), canceled("v0"))
    return run.next_run(mark=NEXT, earlier_marks=(MARK,), currency_of=euros)


def test_an_order_with_our_mark_is_tracked_and_its_fills_are_ours() -> None:
    run = after_the_power()
    run.log_in(named(cumulative=Decimal(3), status=OrderStatus.PARTIALLY_FILLED, time=run.wall + run.time))
    (registered,) = [each for each in run.records if isinstance(each, Registered)]
    assert registered.heard == 0
    assert registered.identity.client_order_id == NAME
    assert registered.identity.currency == "EUR"
    assert not told(run, events.OrderStatusReport)
    assert [warning for warning in run.last.warnings if NAME in warning]

    (page,) = asked(run, requests.ListFills)
    execution = dated(trade("v1", "t1", 3), registered.identity.local_time + SECOND)
    run.hear(facts.FillsListed(request_id=page.request_id, trades=(execution,)))
    assert fills_in(run.records) == ["t1"]
    assert not told(run, events.FillReport)
    assert run.state.orders.live[ClientOrderId(NAME)].cumulative == 3


def test_so_is_one_that_is_first_heard_of_by_an_execution_with_its_name() -> None:
    run = after_the_power()
    run.log_in()
    (page,) = asked(run, requests.ListFills)
    execution = evolve(dated(trade("v1", "t1", 10), run.wall + run.time - SECOND), wire_id=NAME)
    run.hear(facts.FillsListed(request_id=page.request_id, trades=(execution,)))
    assert fills_in(run.records) == ["t1"]


def test_an_execution_without_a_name_waits_until_its_order_is_looked_up() -> None:
    run = after_the_power()
    run.log_in()
    (page,) = asked(run, requests.ListFills)
    asked(run, requests.QueryOrder)
    executions = [dated(trade(oid, f"t{oid}", 10), run.wall + run.time - 5 * SECOND) for oid in ("v1", "x1")]
    run.hear(facts.FillsListed(request_id=page.request_id, trades=tuple(executions)))
    assert fills_in(run.records) == []
    for query in asked(run, requests.QueryOrder):
        ours = query.venue_order_id == "v1"
        shown = named(status=OrderStatus.FILLED) if ours else view("x1", None, status=OrderStatus.FILLED)
        run.hear(took(query.request_id, order=shown))
    assert fills_in(run.records) == ["tv1"]
    assert [each.trade_id for each in told(run, events.FillReport)] == ["tx1"]


def waiting_for_a_lookup(*oids: str) -> tuple[Run, list[requests.QueryOrder]]:
    """Executions without a name have been read, one of each order; gives the lookups, too."""
    run = after_the_power()
    run.log_in()
    (page,) = asked(run, requests.ListFills)
    asked(run, requests.QueryOrder)
    executions = [dated(trade(oid, f"t{oid}", 10), run.wall + run.time - 5 * SECOND) for oid in oids]
    run.hear(facts.FillsListed(request_id=page.request_id, trades=tuple(executions)))
    return run, asked(run, requests.QueryOrder)


def test_a_lookup_that_was_lost_with_the_link_is_made_again_behind_the_next_login() -> None:
    run, (lost,) = waiting_for_a_lookup("x1")
    assert lost.venue_order_id == "x1"
    run.lose_link()
    run.log_in()
    (question,) = asked(run, requests.QueryOrder)
    assert question.venue_order_id == "x1"
    run.hear(took(question.request_id, order=view("x1", None, status=OrderStatus.FILLED)))
    assert [each.trade_id for each in told(run, events.FillReport)] == ["tx1"], "it waits for no patience to end"


def test_an_order_that_was_looked_up_and_is_not_ours_is_not_looked_up_again() -> None:
    run, (question,) = waiting_for_a_lookup("x1")
    run.hear(took(question.request_id, order=view("x1", None, status=OrderStatus.FILLED)))
    execution = dated(trade("x1", "t2", 10), run.wall + run.time - 5 * SECOND)
    run.hear(facts.FillsListed(request_id=NOBODYS, trades=(execution,)))
    assert asked(run, requests.QueryOrder) == []
    assert [each.trade_id for each in told(run, events.FillReport)] == ["tx1", "t2"]


def test_a_venue_that_cannot_tell_whose_an_execution_is_is_asked_for_each_once_a_minute() -> None:
    run, questions = waiting_for_a_lookup(*(f"x{number}" for number in range(17)))
    assert len(questions) == 16, "at once"
    run.hear(refused(questions[0].request_id, Outcome.AMBIGUOUS))
    (turn,) = asked(run, requests.QueryOrder)
    assert turn.venue_order_id == "x16", "each gets its turn, though the others are not answered yet"
    for question in questions[1:]:
        run.hear(refused(question.request_id, Outcome.AMBIGUOUS))
    assert asked(run, requests.QueryOrder) == []
    run.wait(59.9)
    assert asked(run, requests.QueryOrder) == []
    run.wait(0.1)
    assert len(asked(run, requests.QueryOrder)) == 16


def test_a_name_that_the_user_chose_carries_no_mark() -> None:
    run = after_the_power()
    run.log_in(evolve(view("v1"), wire_id="mine"))
    assert told(run, events.OrderStatusReport)
    assert not [each for each in run.records if isinstance(each, Registered)]


def test_an_order_of_ours_that_the_journal_has_is_not_made_twice() -> None:
    run = Run(venue=NamedVenue(), mark=MARK)
    run.log_in()
    run.place(NAME)
    run.hear(traded("v1", "t1", 10, 10, None, final=True))  # under no name: another session's
    run = run.next_run(mark=NEXT, earlier_marks=(MARK,))
    run.log_in(named("v7"))
    assert len([each for each in run.journal if isinstance(each, Registered)]) == 0
    assert run.status(NAME) is OrderStatus.ACCEPTED


def test_what_was_known_as_another_sessions_stays_that() -> None:
    run = first_run(venue=NamedVenue())
    run.hear(facts.OrderAcknowledged(time=0, order=named()))
    run = run.next_run(mark=NEXT, earlier_marks=(MARK,))
    run.log_in(named())
    assert run.state.orders.live == {}


def tagged(cid: int, mark: IdMark, **terms: Any) -> facts.OrderView:
    return evolve(view("v9", cid, **terms), tag=mark.tag)


def test_a_venue_that_shows_names_as_numbers_shows_the_mark_in_the_tag() -> None:
    run = Run(venue=PlainVenue(BY_TAG), mark=MARK)
    run.log_in()
    run.place("a1")
    run.place("a2", tag="mine")
    assert [place.tag for place in asked(run, requests.PlaceOrder)] == [MARK.tag, "mine"]

    run = run.next_run(mark=NEXT, earlier_marks=(MARK,))
    run.log_in(tagged(7, MARK, time=run.wall + run.time - SECOND))
    assert "CID-7" in run.state.orders.live
    assert not told(run, events.OrderStatusReport)


def test_a_tag_alone_does_not_make_a_known_order_twice() -> None:
    run = Run(venue=PlainVenue(BY_TAG), mark=MARK)
    run.log_in()
    run.live("a7", "v1")
    run.hear(facts.OrderCanceled(time=0, order=view("v1", 7, status=OrderStatus.CANCELED), reason=""))
    run = run.next_run(mark=NEXT, earlier_marks=(MARK,))
    run.log_in(tagged(7, MARK, time=run.wall + run.time), tagged(8, MARK, time=run.wall - 10**12))
    assert run.state.orders.live == {}


@pytest.mark.parametrize("forgets", ["memory", "snapshot"])
def test_nor_does_it_an_order_that_is_forgotten(forgets: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MOST_ENDED", 1 if forgets == "snapshot" else 10)
    run = Run(venue=PlainVenue(BY_TAG), mark=MARK, finished_window=1 if forgets == "memory" else 10)
    run.log_in()
    for number in (7, 8):
        run.live(f"a{number}", f"v{number}")
        over = view(f"v{number}", number, status=OrderStatus.CANCELED)
        run.hear(facts.OrderCanceled(time=0, order=over, reason=""))
    placed_at = run.wall + run.time
    run = run.next_run(by_snapshot=forgets == "snapshot", mark=NEXT, earlier_marks=(MARK,))
    run.log_in(
        evolve(tagged(7, MARK, time=placed_at), venue_order_id="v7"), tagged(9, MARK, time=placed_at + 61 * SECOND)
    )
    assert list(run.state.orders.live) == ["CID-9"], "placed later than any that is forgotten"


def test_a_venue_without_tags_gets_none() -> None:
    run = Run(venue=NamedVenue(), mark=MARK)
    run.log_in()
    run.place("a1")
    (place,) = asked(run, requests.PlaceOrder)
    assert place.tag is None
