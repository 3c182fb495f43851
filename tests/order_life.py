"""What the tests of the order state machine are written with: a venue of their own, and facts made short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from attrs import field, frozen

from protocol import commands, facts
from protocol.dispatch import Decisions, DispatchOptions, DispatchState, Reply, Send
from protocol.dispatch.inputs import Admission, Asked, Heard, LinkDown, LinkUp, Submission
from protocol.dispatch.records import AccountNote, Note
from protocol.events import Event
from protocol.orders import NewOrder
from protocol.reasons import RejectReason
from protocol.requests import ListFills, PreviewPrice
from protocol.values import (
    AccountId,
    ClientOrderId,
    Instant,
    Instrument,
    LiquiditySide,
    Money,
    OrderStatus,
    RequestId,
    Side,
    StrategyId,
    TimeInForce,
    TradeId,
    TraderId,
    VenueOrderId,
)
from protocol.venue import SECOND, VenueDefaults, VenueRules

E = TypeVar("E", bound=Event)
GOLD = Instrument(id="GOLD.TEST", price_increment="0.1")
WALL = 1_700_000_000_000_000_000


@frozen
class PlainVenue(VenueDefaults):
    """As much of a venue as dispatch uses; a client order id `a7` crosses the wire as the number 7."""

    rules: VenueRules = field(
        factory=lambda: VenueRules(
            venue="TEST",
            http_requests=frozenset({PreviewPrice, ListFills}),
            market_needs_price=True,
            history_span=7 * 24 * 3600 * SECOND,
        )
    )

    def wire_id(self, client_order_id: ClientOrderId) -> int:
        return int("".join(filter(str.isdigit, client_order_id)) or 0)

    def check_change(self, change: commands.Replace, instrument: Instrument) -> None:
        """Takes everything."""

    def external_client_order_id(self, wire_id: int | str) -> ClientOrderId:
        return ClientOrderId(f"CID-{wire_id}")


def view(oid: str, cid: int | None = None, **terms: Any) -> facts.OrderView:
    """An order of 10 at 100.0, live and unfilled unless `terms` say otherwise."""
    known: dict[str, Any] = {
        "side": Side.BUY,
        "price": Decimal("100.0"),
        "quantity": Decimal(10),
        "cumulative": Decimal(0),
        "status": OrderStatus.ACCEPTED,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
    }
    return facts.OrderView(venue_order_id=VenueOrderId(oid), wire_id=cid, symbol="GOLD", **(known | terms))


def trade(oid: str, tid: str, quantity: int, fee: str | None = None, price: str = "100.0") -> facts.Trade:
    return facts.Trade(
        venue_order_id=VenueOrderId(oid),
        trade_id=TradeId(tid),
        symbol="GOLD",
        side=Side.BUY,
        price=Decimal(price),
        quantity=Decimal(quantity),
        liquidity=LiquiditySide.MAKER,
        time=WALL,
        fee=None if fee is None else Money(Decimal(fee), "USD"),
    )


def acknowledged(oid: str, cid: int | None = None, **terms: Any) -> facts.OrderAcknowledged:
    return facts.OrderAcknowledged(time=WALL, order=view(oid, cid, **terms), event_id=terms.get("event_id", ""))


def traded(
    oid: str, tid: str, quantity: int, total: int, cid: int | None = None, *, final: bool = False, **terms: Any
) -> facts.OrderFilled:
    """total: what the venue counts after it."""
    shown = view(oid, cid, cumulative=Decimal(total), **terms)
    return facts.OrderFilled(time=WALL, order=shown, trade=trade(oid, tid, quantity), final=final)


def canceled(oid: str, cid: int | None = None, total: int = 0) -> facts.OrderCanceled:
    shown = view(oid, cid, cumulative=Decimal(total), status=OrderStatus.CANCELED)
    return facts.OrderCanceled(time=WALL, order=shown, reason="asked for")


def expired(oid: str, cid: int | None = None, tif: TimeInForce = TimeInForce.GTC) -> facts.OrderExpired:
    shown = view(oid, cid, status=OrderStatus.EXPIRED, time_in_force=tif)
    return facts.OrderExpired(time=WALL, order=shown, reason="")


def rejected(oid: str, cid: int | None = None, *, post_only: bool = False) -> facts.OrderRejected:
    shown = view(oid, cid, status=OrderStatus.REJECTED)
    return facts.OrderRejected(
        time=WALL, order=shown, reason="NO", why=RejectReason.POST_ONLY if post_only else RejectReason.OTHER
    )


def replaced(old: str, new: str | None, cid: int | None = None, filled: int = 0, **terms: Any) -> facts.OrderReplaced:
    """filled: under the old id."""
    before = view(old, cid, cumulative=Decimal(filled), status=None)
    after = None if new is None else view(new, cid, **terms)
    new_id = None if new is None else VenueOrderId(new)
    return facts.OrderReplaced(time=WALL, order=before, new_venue_order_id=new_id, replacement=after)


def took(request_id: int, oid: str | None = None, **what: Any) -> facts.RequestAnswered:
    new = None if oid is None else VenueOrderId(oid)
    return facts.RequestAnswered(request_id=RequestId(request_id), venue_order_id=new, **what)


def refused(request_id: int, outcome: facts.Outcome, reason: str = "no") -> facts.RequestRefused:
    return facts.RequestRefused(request_id=RequestId(request_id), outcome=outcome, reason=reason)


class Rig:
    """A dispatch state with a clock that the test moves, logged in unless told otherwise.

    time: ns, monotonic; wall: what the wall clock shows at time zero.
    """

    def __init__(
        self, *, logged_in: bool = True, rules: VenueRules | None = None, venue: Any = None, **options: Any
    ) -> None:
        venue = venue or (PlainVenue() if rules is None else PlainVenue(rules))
        self.state = DispatchState(venue, TraderId("T"), AccountId("A"), DispatchOptions(**options))
        self.time = 100 * SECOND
        self.wall = WALL
        self.connection = 0
        self.numbers = 0
        self.records: list[Any] = []
        self.sends: list[Send] = []
        self.last = Decisions()
        if logged_in:
            self.log_in()
            self.records.clear()

    def apply(self, *inputs: Any) -> list[str]:
        """What comes out, as the names of the events."""
        self.last = self.state.apply(inputs, Instant(self.time, self.wall + self.time))
        self.records += self.last.records
        self.sends += [send for send in self.last.sends if isinstance(send, Send)]
        return [type(record).__name__ for record in self.last.records if not isinstance(record, Note | AccountNote)]

    def hear(self, *heard: facts.Fact) -> list[str]:
        return self.apply(Heard(self.connection, heard))

    def wait(self, seconds: float) -> list[str]:
        """Lets time pass from deadline to deadline."""
        until, names = self.time + int(seconds * SECOND), []
        while (due := self.state.next_deadline) is not None and due <= until:
            self.time = max(self.time, due)
            names += self.apply()
        self.time = until
        return names

    def wait_for_sends(self) -> None:
        """Lets time pass until something is sent, ten minutes at most."""
        for _ in range(1200):
            if self.sends:
                return
            self.wait(0.5)
        raise AssertionError("nothing was sent within ten minutes")

    def log_in(self, *orders: facts.OrderView) -> list[str]:
        self.connection += 1
        login = facts.LoggedIn(user="u", orders=orders, cancel_on_disconnect=False, heartbeat_timeout=None)
        return self.apply(LinkUp(self.connection, "ws://test"), Heard(self.connection, (login,)))

    def lose_link(self) -> list[str]:
        return self.apply(LinkDown(self.connection, "cut", True))

    def ask(self, command: commands.Command, admission: Admission | None = Admission.ORDER) -> Any:
        """The local answer, or None if there is none yet."""
        self.numbers += 1
        asked = Asked(
            command=command,
            request_id=RequestId(self.numbers),
            reply_to=f"asker {self.numbers}",
            admission=admission,
            instrument=GOLD,
        )
        self.apply(asked)
        return self.answer_to(self.numbers)

    def place(self, name: str, **terms: Any) -> Any:
        """Submits an order of 10 at 100.0 under this client order id; gives the local answer."""
        self.numbers += 1
        known: dict[str, Any] = {"quantity": 10, "price": "100.0"}
        if terms.pop("market", False):
            order = NewOrder.market("GOLD.TEST", Side.BUY, quantity=10, **terms)
        elif "trigger_price" in terms:
            order = NewOrder.stop_limit("GOLD.TEST", Side.BUY, **(known | terms))
        else:
            order = NewOrder.limit("GOLD.TEST", Side.BUY, **(known | terms))
        asked = Asked(
            command=commands.Place(order),
            request_id=RequestId(self.numbers),
            reply_to=f"asker {self.numbers}",
            admission=Admission.ORDER,
            submission=Submission(order=order, client_order_id=ClientOrderId(name), instrument=GOLD),
        )
        self.apply(asked)
        return self.answer_to(self.numbers)

    def batch(self, *legs: commands.Place | commands.Replace | commands.Cancel) -> Any:
        """Asks for a batch; placements need client order ids. Gives the local answer."""
        parts = []
        for leg in legs:
            self.numbers += 1
            submission = None
            if isinstance(leg, commands.Place):
                assert leg.order.client_order_id is not None
                submission = Submission(order=leg.order, client_order_id=leg.order.client_order_id, instrument=GOLD)
            parts.append(Asked(command=leg, request_id=RequestId(self.numbers), reply_to=None, submission=submission))
        self.numbers += 1
        asked = Asked(
            command=commands.Batch(legs),
            request_id=RequestId(self.numbers),
            reply_to=f"asker {self.numbers}",
            admission=Admission.ORDER,
            legs=tuple(parts),
        )
        self.apply(asked)
        return self.answer_to(self.numbers)

    def live(self, name: str, oid: str) -> None:
        """Places an order that the venue accepts."""
        self.place(name)
        cid = int(name[1:])
        self.hear(took(self.numbers, oid), acknowledged(oid, cid))
        self.records.clear()
        self.sends.clear()

    def answer_to(self, number: int) -> Any:
        found = [reply.value for reply in self.last.replies if reply.reply_to == f"asker {number}"]
        return found[0] if found else None

    @property
    def replies(self) -> Sequence[Reply]:
        return self.last.replies

    def status(self, name: str) -> OrderStatus:
        order = self.state.orders.by_client_order_id(ClientOrderId(name))
        assert order is not None
        return order.status

    def events(self) -> list[Event]:
        return [record for record in self.records if not isinstance(record, Note | AccountNote)]

    def newest(self, kind: type[E]) -> E:
        """The last event, which must be of this kind."""
        event = self.events()[-1]
        assert isinstance(event, kind)
        return event

    def sent(self) -> list[Any]:
        """Requests released since the last look."""
        requests = [send.request for send in self.sends]
        self.sends.clear()
        return requests


def external(rig: Rig, name: str, oid: str) -> Any:
    command = commands.RegisterExternal(
        client_order_id=ClientOrderId(name),
        venue_order_id=VenueOrderId(oid),
        instrument=GOLD.id,
        strategy=StrategyId("s"),
    )
    return rig.ask(command, None)


Instruments = Mapping[str, Instrument]
