"""The brain of a simulated Kraken Futures: sessions, feeds, calls, and what goes wrong with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from attrs import define, field, frozen

from ...kraken_futures import venue_side
from ...limits import Bucket
from ...values import Instant, Side, exact
from ..exchange import Accept, Close, HttpReply, HttpRequest, Output, Refuse, SessionNumber, Tell
from ..fault_effects import HeldBack, farewell, noise
from ..faults import FaultKind, FaultSchedule, Occasion
from ..ledger import Ledger
from ..triggers import Reference
from . import account_rows, feed_rows, feeds, parameters
from .access import ANYBODY, Access
from .engine import Engine
from .market import INACTIVE, STATES
from .market_maker import House
from .money import Money
from .notices import FillsNotice, Notice, OrderNotice
from .orders import SIGNALS, Terms
from .parameters import BadRequest, Reader, Undocumented
from .rest import Failure, RestDesk, page
from .settings import HOUSE, KrakenFuturesExchangeSettings

__all__ = ["KrakenFuturesExchange"]

MoneyFrame = account_rows.PositionsFrame | account_rows.BalancesFrame
Frame = feed_rows.Frame | MoneyFrame

MILLISECOND: Final = 1_000_000
REQUESTS_PER_SECOND: Final = 100
"""Of one connection, where rates count."""
UNAUTHORIZED: Final = "Failed to subscribe to authenticated feed"
MALFORMED: Final = "the gateway restarts in a moment"
TOO_MANY_REQUESTS: Final = 429
UNKNOWN_EVENT: Final = '{"feed":"from_the_future","time":1790000012000}'


@frozen
class _Subscription:
    """products: symbols that fills are wanted of, None for all."""

    account: str
    products: frozenset[str] | None


@define
class _Session:
    """One socket. challenge: the latest one; next_heartbeat: ns, monotonic, None for none; held_until: a delayed
    message holds back those behind it."""

    number: SessionNumber
    quiet: bool
    bucket: Bucket
    challenge: str | None = None
    next_heartbeat: int | None = None
    held_until: int = 0
    feeds: dict[str, _Subscription] = field(factory=dict)
    sequences: dict[str, int] = field(factory=dict)

    def listens_to(self, account: str) -> bool:
        return any(feed.account == account for feed in self.feeds.values())


@define
class KrakenFuturesExchange:
    """See `protocol.simulation.exchange.Exchange`. draw: from 0 up to, not including, 1; the seed of everything.

    Read `ledger`, `engine` and `violations` freely; change things through the methods, which return what is to be sent.
    """

    settings: KrakenFuturesExchangeSettings
    draw: Callable[[], float]
    faults: FaultSchedule = field(factory=FaultSchedule)
    ledger: Ledger = field(factory=Ledger, init=False)
    engine: Engine = field(init=False)
    access: Access = field(init=False)
    reader: Reader = field(init=False)
    money: Money = field(init=False)
    clock_skew: int = field(init=False)
    """How far the venue's clock is ahead of the carrier's, ns."""
    _house: House = field(init=False)
    _desk: RestDesk = field(init=False)
    _sessions: dict[SessionNumber, _Session] = field(factory=dict, init=False)
    _held: HeldBack = field(factory=HeldBack, init=False)
    _refused_upgrades: deque[HttpReply] = field(factory=deque, init=False)
    _now: Instant = field(default=Instant(0, 0), init=False)

    def __attrs_post_init__(self) -> None:
        self.engine = Engine(self.settings, self.ledger, self.draw)
        self.access = Access(self.settings)
        self.reader = Reader(self.settings.strict)
        self.money = Money(self.settings, self.engine.markets)
        self.clock_skew = self.settings.clock_skew
        self._house = House(self.engine)
        self._desk = RestDesk(self.engine, self.access, self.faults, self.reader, self.money)

    @property
    def websocket_path(self) -> str:
        return "/ws/v1"

    @property
    def violations(self) -> list[str]:
        """What was sent that the documentation does not list, one sentence each. Only a strict venue writes them
        down."""
        return self.reader.violations

    @property
    def client_accounts(self) -> frozenset[str]:
        """Accounts that somebody has a key to."""
        return frozenset(self.engine.accounts) - {HOUSE}

    # Sessions

    def upgrade(
        self, session: SessionNumber, request: HttpRequest, now: Instant
    ) -> tuple[Accept | Refuse, Sequence[Output]]:
        now = self._begin(now)
        faults = self.faults.next(Occasion.UPGRADE, request.path)
        if FaultKind.UPGRADE_PAGE in faults:
            return Refuse(page(faults[FaultKind.UPGRADE_PAGE].code)), self._end()
        if FaultKind.REFUSE_TOKEN in faults:
            return Refuse(page(401)), self._end()
        if FaultKind.REFUSE_UPGRADE in faults:
            return Refuse(page(faults[FaultKind.REFUSE_UPGRADE].code)), self._end()
        if self._refused_upgrades:
            return Refuse(self._refused_upgrades.popleft()), self._end()
        if self.settings.throttle and len(self._sessions) >= self.settings.most_connections:
            return Refuse(page(TOO_MANY_REQUESTS)), self._end()
        bucket = Bucket.full(rate=REQUESTS_PER_SECOND, capacity=REQUESTS_PER_SECOND, now=now.monotonic_ns)
        self._sessions[session] = _Session(session, FaultKind.STOP_HEARTBEAT in faults, bucket)
        return Accept(), (Tell(session, venue_side.encode(feed_rows.Notice(event="info", version=1))), *self._end())

    def gone(self, session: SessionNumber, now: Instant) -> Sequence[Output]:
        self._begin(now)
        self._sessions.pop(session, None)
        return self._end()

    # Time

    @property
    def next_due(self) -> int | None:
        dues = [s.next_heartbeat for s in self._sessions.values() if s.next_heartbeat is not None]
        dues += [due for due in (self._held.next_due, self.engine.next_due) if due is not None]
        return min(dues, default=None)

    def tick(self, now: Instant) -> Sequence[Output]:
        now = self._begin(now)
        outputs = self._held.take(now.monotonic_ns)
        self.engine.tick()
        beat = venue_side.encode(feed_rows.Heartbeat(time=now.wall_ns // MILLISECOND))
        for session in self._sessions.values():
            if session.next_heartbeat is not None and session.next_heartbeat <= now.monotonic_ns:
                session.next_heartbeat = now.monotonic_ns + self.settings.heartbeat
                outputs.append(Tell(session.number, beat))
        return (*outputs, *self._end())

    def _begin(self, now: Instant) -> Instant:
        """Gives the moment by the venue's clock."""
        now = self._now = Instant(now.monotonic_ns, now.wall_ns + self.clock_skew)
        self.engine.at(now)
        if self.settings.quotes:
            self._house.refresh()
        return now

    # Feeds

    def _end(self, delay: int = 0) -> list[Output]:
        """What the engine's notices make every session hear, `delay` ns from now."""
        return [output for notice in self.engine.telling.take_notices() for output in self._publish(notice, delay)]

    def _publish(self, notice: Notice, delay: int) -> Iterator[Output]:
        for session in self._sessions.values():
            for frame in self._frames(session, notice):
                yield from self._with_event_faults(session, frame, delay)

    def _frames(self, session: _Session, notice: Notice) -> Iterator[Frame]:
        """What a session hears of a notice, by what it is subscribed to."""
        for name, feed in session.feeds.items():
            if feed.account != notice.account:
                continue
            if isinstance(notice, OrderNotice):
                if name == feeds.VERBOSE or (name == feeds.OPEN_ORDERS and not notice.verbose_only):
                    yield feeds.order_frame(name, notice)
            elif isinstance(notice, FillsNotice):
                if name == feeds.FILLS:
                    frame = feeds.fills_frame(notice, feed.products, self.settings)
                    if frame is not None:
                        yield frame
            elif name in feeds.MONEY:
                yield self._money_frame(session, name, notice.account, notice.symbols)

    def _money_frame(
        self, session: _Session, feed: str, account: str, changed: frozenset[str] | None = None
    ) -> MoneyFrame:
        """Positions or balances of an account, numbered on each feed; changed: None for a snapshot."""
        sequence = session.sequences[feed] = 0 if changed is None else session.sequences[feed] + 1
        of = self.engine.accounts[account]
        if feed == feeds.POSITIONS:
            return self.money.positions_frame(of, sequence, self._now)
        return self.money.balances_frame(of, sequence, self._now, changed)

    def _with_event_faults(self, session: _Session, frame: Frame, delay: int) -> Iterator[Output]:
        faults = self.faults.next(Occasion.EVENT, frame.feed)
        if FaultKind.DROP_EVENT in faults:
            return
        if FaultKind.UNKNOWN_WORD in faults:
            frame = feeds.with_unknown_words(frame)
        messages = [Tell(session.number, venue_side.encode(frame))] * (2 if FaultKind.DUPLICATE_EVENT in faults else 1)
        if FaultKind.DELAY_EVENT in faults:
            delay = max(delay, faults[FaultKind.DELAY_EVENT].delay)
        session.held_until = max(session.held_until, self._now.monotonic_ns + delay)
        yield from self._held.unless_held(messages, session.held_until, self._now.monotonic_ns)

    # Requests over the socket

    def receive(self, session: SessionNumber, message: str | bytes, now: Instant) -> Sequence[Output]:
        self._begin(now)
        client = self._sessions.get(session)
        if client is None or isinstance(message, bytes):
            return self._end()
        faults = self.faults.next(Occasion.REQUEST, parameters.event_of(message))
        if FaultKind.DROP_BEFORE in faults:
            return (*self._end(), Close(session, None))
        answers = self._answers(client, message)
        outputs = self._in_order(session, answers, self._end())
        return (
            *noise(session, faults, malformed=MALFORMED, unknown=UNKNOWN_EVENT),
            *outputs,
            *farewell(session, faults),
        )

    def _in_order(self, session: SessionNumber, answers: Sequence[str], events: list[Output]) -> list[Output]:
        faults = self.faults.next(Occasion.ANSWER)
        tells: list[Output] = [Tell(session, answer) for answer in answers]
        if FaultKind.DUPLICATE_ANSWER in faults:
            tells *= 2
        if FaultKind.DROP_ANSWER in faults:
            tells = []
        if FaultKind.DELAY_ANSWER in faults:
            self._held.hold(tells, self._now.monotonic_ns + faults[FaultKind.DELAY_ANSWER].delay)
            tells = []
        return [*events, *tells] if FaultKind.EVENTS_FIRST in faults else [*tells, *events]

    def _answers(self, client: _Session, message: str) -> Sequence[str]:
        if self.settings.throttle:
            paid = client.bucket.take(1, self._now.monotonic_ns)
            if paid is None:
                return (feeds.alert("Rate limit exceeded"),)
            client.bucket = paid
        try:
            request = self.reader.request(message)
            if request.feed is not None and request.feed not in feeds.DOCUMENTED:
                self.reader.undocumented(f"There is no feed {request.feed}.")
        except BadRequest as bad:
            text = bad.args[0]
            return (feeds.error(text) if text == parameters.JSON_ERROR else feeds.alert(text),)
        except Undocumented:
            return (feeds.alert(parameters.BAD_REQUEST),)
        if request.event == "ping":
            pong = venue_side.encode(feed_rows.Notice(event="pong"))
            return (pong if self.settings.text_pings else feeds.alert(parameters.BAD_REQUEST),)
        if request.event == "challenge":
            client.challenge = self.engine.ids.unique()
            return (venue_side.encode(feed_rows.Notice(event="challenge", message=client.challenge)),)
        if request.feed == feeds.HEARTBEAT:
            return self._heartbeat(client, request)
        if request.feed not in feeds.FEEDS:
            return (feeds.error("Invalid feed"),)
        return self._private(client, request)

    def _heartbeat(self, client: _Session, request: parameters.Request) -> Sequence[str]:
        wants = request.event == "subscribe"
        if not wants and client.next_heartbeat is None:
            return (_echo(request, "unsubscribed_failed"),)
        client.next_heartbeat = None
        if wants and not client.quiet:
            client.next_heartbeat = self._now.monotonic_ns + self.settings.heartbeat
        return (_echo(request, f"{request.event}d"),)

    def _private(self, client: _Session, request: parameters.Request) -> Sequence[str]:
        assert request.feed is not None
        challenged = client.challenge is not None and request.original_challenge == client.challenge
        user = self.access.subscriber(request.api_key, client.challenge, request.signed_challenge)
        if user is None or not challenged:
            return (feeds.alert(UNAUTHORIZED),)
        if request.event == "unsubscribe":
            known = client.feeds.pop(request.feed, None) is not None
            return (_echo(request, "unsubscribed" if known else "unsubscribed_failed"),)
        products = None if request.product_ids is None else frozenset(name.upper() for name in request.product_ids)
        if not user.active or not (products or frozenset()) <= set(self.engine.markets):
            return (_echo(request, "subscribed_failed"),)
        client.feeds[request.feed] = _Subscription(user.account, products)
        shown = venue_side.encode(self._snapshot(client, request.feed, user.account, products))
        told = (_echo(request, "subscribed"), shown)
        return told[::-1] if self.settings.snapshot_first else told

    def _snapshot(self, client: _Session, feed: str, account: str, products: frozenset[str] | None) -> Frame:
        if feed in feeds.MONEY:
            return self._money_frame(client, feed, account)
        return feeds.snapshot(feed, self.engine.accounts[account], self.engine, products)

    # REST

    def request(self, request: HttpRequest, now: Instant) -> tuple[HttpReply, Sequence[Output]]:
        """An answer cannot wait, so `feed_delay` makes the feeds wait instead."""
        now = self._begin(now)
        faults = self.faults.next(Occasion.REST, request.path)
        if FaultKind.REST_PAGE in faults:
            return page(faults[FaultKind.REST_PAGE].code), self._end()
        if FaultKind.REST_ERROR in faults:
            return page(faults[FaultKind.REST_ERROR].code), self._end()
        reply = self._desk.reply(request, faults, now)
        closed = self._drop_sessions(request) if FaultKind.DROP_SESSIONS in faults else []
        if FaultKind.REST_ERROR_EXECUTED in faults:
            reply = page(faults[FaultKind.REST_ERROR_EXECUTED].code)
        return reply, (*closed, *self._end(self.settings.feed_delay))

    def _drop_sessions(self, request: HttpRequest) -> list[Close]:
        """Those of the caller's account; they hear nothing of what happened."""
        caller = self.access.signer_of(request)
        if caller is None:
            return []
        dropped = [number for number, session in self._sessions.items() if session.listens_to(caller.account)]
        for number in dropped:
            del self._sessions[number]
        return [Close(number, None) for number in dropped]

    # The input log

    def user_of(self, request: HttpRequest, now: Instant) -> str | None:
        if request.path == self.websocket_path:
            return ANYBODY
        user = self.access.signer_of(request)
        return None if user is None else user.api_key

    def token_for(self, user: str, now: Instant) -> str:
        return self.access.token_for(user)

    def restarted(self, now: Instant) -> None:
        self._begin(now)
        self._sessions.clear()
        self._held.clear()
        self.access.revoke_tokens()
        self._end()

    # What a program does to the venue

    def trade_against(
        self, symbol: str, side: Side, price: Decimal, quantity: Decimal, now: Instant, *, rest: bool = False
    ) -> Sequence[Output]:
        """Another trader's order; what does not trade is canceled, or stays in the book if `rest`."""
        self._begin(now)
        kind = "lmt" if rest else "ioc"
        terms = Terms(type=kind, symbol=symbol, side=side, quantity=exact(quantity), limit_price=exact(price))
        self.engine.house_order(terms)
        return self._end()

    def set_price(self, symbol: str, signal: str, price: Decimal, now: Instant) -> Sequence[Output]:
        """Moves the `last`, `mark` or `index` price, and fires what waits for that. Trades move last and mark, too."""
        self._begin(now)
        self.engine.move(self.engine.markets[symbol], SIGNALS[signal], exact(price))
        return self._end()

    def price(self, symbol: str, signal: str) -> Decimal | None:
        """The `last`, `mark` or `index` price; None if there is none yet."""
        reference: Reference = SIGNALS[signal]
        return self.engine.markets[symbol].triggers.price(reference)

    def set_state(self, symbol: str, state: str, now: Instant) -> Sequence[Output]:
        """Sets whether an instrument trades: open, post_only, suspended or inactive, which ends its orders. Raises
        ValueError."""
        if state not in STATES:
            raise ValueError(f"There is no state {state!r}; there is {', '.join(STATES)}.")
        self.engine.markets[symbol].state = state
        return self.end_orders("market_inactive", now, symbol) if state == INACTIVE else ()

    def end_orders(self, reason: str, now: Instant, symbol: str | None = None) -> Sequence[Output]:
        """Ends the open orders of clients as the venue does, e.g. cancelled_by_admin, liquidation, not_enough_margin,
        contract_expired."""
        self._begin(now)
        for name in sorted(self.client_accounts):
            self.engine.cancel_all(self.engine.accounts[name], symbol, reason=reason)
        return self._end()

    def liquidate(
        self, account: str, symbol: str, side: Side, price: Decimal, quantity: Decimal, now: Instant
    ) -> Sequence[Output]:
        """The venue's own order on a client's account, without a client order id."""
        self._begin(now)
        terms = Terms(type="ioc", symbol=symbol, side=side, quantity=exact(quantity), limit_price=exact(price))
        self.engine.house_order(terms, account, "liquidation", "liquidation")
        return self._end()

    def answer_next(self, status: str, *, executed: bool = False) -> Sequence[Output]:
        """One more of the next placements is answered with this status, whether it is executed or not."""
        self._desk.entry.scripted.append((status, executed))
        return ()

    def refuse_next(self, *codes: str, call: str = "") -> Sequence[Output]:
        """The next calls with a good signature are refused with these error codes and not executed. call: the end of
        their path, such as `cancelorder`; "" for any."""
        return self.fail_calls(*(Failure(call=call, error=code) for code in codes))

    def fail_calls(self, *failures: Failure) -> Sequence[Output]:
        """The next calls fail in these ways, each the first call that it meets. For what goes wrong without words of
        its own there are `faults`."""
        self._desk.failures.extend(failures)
        return ()

    def refuse_upgrades(self, *statuses: int, retry_after: int | None = None) -> Sequence[Output]:
        """The next WebSocket upgrades are refused with these statuses. retry_after: seconds."""
        headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
        self._refused_upgrades.extend(page(status, headers) for status in statuses)
        return ()

    def skew_clock(self, by: int) -> Sequence[Output]:
        """From now on the venue's clock is this far ahead of the carrier's: ns."""
        self.clock_skew = by
        return ()

    def close_all(self, code: int | None) -> Sequence[Output]:
        """Ends every session; code None: without a close frame."""
        return [Close(number, code) for number in self._sessions]


def _echo(request: parameters.Request, event: str) -> str:
    return venue_side.encode(
        feed_rows.Acknowledgement(
            event=event,
            feed=request.feed or "",
            api_key=request.api_key,
            original_challenge=request.original_challenge,
            signed_challenge=request.signed_challenge,
            product_ids=request.product_ids,
        )
    )
