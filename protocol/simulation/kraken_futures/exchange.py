"""The brain of a simulated Kraken Futures: sessions, feeds, calls, and what goes wrong with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import ClassVar, Final

from attrs import define, field

from ...kraken_futures import venue_side
from ...limits import Bucket
from ...values import Instant, Side, exact
from ..exchange import HttpReply, HttpRequest, Output, SessionNumber, Tell
from ..fault_effects import page
from ..faults import FaultKind, Occasion
from ..ledger import Ledger
from ..simulated_exchange import Faults, SimulatedExchange
from ..triggers import Reference
from . import account_rows, feed_rows, feeds, parameters
from .access import ANYBODY, Access
from .engine import Engine
from .market import INACTIVE, STATES
from .market_maker import MarketMaker
from .money import Money
from .notices import FillsNotice, Notice, OrderNotice
from .orders import SIGNALS, Terms
from .parameters import BadRequest, Reader, Undocumented
from .rest import Failure, RestInterface
from .sessions import Session, Subscription
from .settings import KrakenFuturesExchangeSettings

__all__ = ["KrakenFuturesExchange"]

MoneyFrame = account_rows.PositionsFrame | account_rows.BalancesFrame
Frame = feed_rows.Frame | MoneyFrame

MILLISECOND: Final = 1_000_000
REQUESTS_PER_SECOND: Final = 100
"""Of one connection, where rates count."""
UNAUTHORIZED: Final = "Failed to subscribe to authenticated feed"
TOO_MANY_REQUESTS: Final = 429


@define
class KrakenFuturesExchange(SimulatedExchange[KrakenFuturesExchangeSettings, Engine, Session]):
    """See `SimulatedExchange`."""

    secret_headers: ClassVar[frozenset[str]] = frozenset({"apikey", "authent", "nonce"})
    malformed: ClassVar[str] = "the gateway restarts in a moment"
    unknown_event: ClassVar[str] = '{"feed":"from_the_future","time":1790000012000}'

    ledger: Ledger = field(factory=Ledger, init=False)
    access: Access = field(init=False)
    reader: Reader = field(init=False)
    money: Money = field(init=False)
    clock_skew: int = field(init=False)
    """How far the venue's clock is ahead of the carrier's, ns."""
    _market_maker: MarketMaker = field(init=False)
    _rest: RestInterface = field(init=False)
    _refused_upgrades: deque[HttpReply] = field(factory=deque, init=False)

    def __attrs_post_init__(self) -> None:
        self.engine = Engine(self.settings, self.ledger, self.draw)
        self.access = Access(self.settings)
        self.reader = Reader(self.settings.strict)
        self.money = Money(self.settings, self.engine.markets)
        self.clock_skew = self.settings.clock_skew
        self._market_maker = MarketMaker(self.engine)
        self._rest = RestInterface(self.engine, self.access, self.faults, self.reader, self.money)

    @property
    def websocket_path(self) -> str:
        return "/ws/v1"

    @property
    def violations(self) -> list[str]:
        """What was sent that the documentation does not list, one sentence each. Only a strict venue writes them
        down."""
        return self.reader.violations

    # Sessions

    def _upgrade_refusal(self, request: HttpRequest, faults: Faults, now: Instant) -> HttpReply | None:
        refusal = super()._upgrade_refusal(request, faults, now)
        if refusal is not None:
            return refusal
        if self._refused_upgrades:
            return self._refused_upgrades.popleft()
        if self.settings.throttle and len(self._sessions) >= self.settings.most_connections:
            return page(TOO_MANY_REQUESTS)
        return None

    def _open(self, session: SessionNumber, request: HttpRequest, faults: Faults, now: Instant) -> list[Output]:
        bucket = Bucket.full(rate=REQUESTS_PER_SECOND, capacity=REQUESTS_PER_SECOND, now=now.monotonic_ns)
        quiet = FaultKind.STOP_HEARTBEAT in faults
        self._sessions[session] = Session(number=session, quiet=quiet, bucket=bucket)
        return [Tell(session, venue_side.encode(feed_rows.Notice(event="info", version=1))), *self._end()]

    def _failure(self, status: int) -> HttpReply:
        return page(status)

    # Time

    def _venue_time(self, now: Instant) -> Instant:
        return Instant(now.monotonic_ns, now.wall_ns + self.clock_skew)

    def _dues(self, session: Session) -> Iterable[int]:
        return () if session.next_heartbeat is None else (session.next_heartbeat,)

    def _beat(self, session: Session, now: Instant) -> Iterable[Output]:
        if session.next_heartbeat is not None and session.next_heartbeat <= now.monotonic_ns:
            session.next_heartbeat = now.monotonic_ns + self.settings.heartbeat
            yield Tell(session.number, venue_side.encode(feed_rows.Heartbeat(time=now.wall_ns // MILLISECOND)))

    def _refresh_quotes(self) -> None:
        self._market_maker.refresh_quotes()

    # Feeds

    def _end(self, delay: int = 0) -> list[Output]:
        """delay: of the feeds, ns."""
        return [output for notice in self.engine.notices.take() for output in self._publish(notice, delay)]

    def _publish(self, notice: Notice, delay: int) -> Iterator[Output]:
        for session in self._sessions.values():
            for frame in self._frames(session, notice):
                yield from self._with_event_faults(session, frame, delay)

    def _frames(self, session: Session, notice: Notice) -> Iterator[Frame]:
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
        self, session: Session, feed: str, account: str, changed: frozenset[str] | None = None
    ) -> MoneyFrame:
        """Positions or balances of an account, numbered on each feed; changed: None for a snapshot."""
        sequence = session.sequences[feed] = 0 if changed is None else session.sequences[feed] + 1
        of = self.engine.accounts[account]
        if feed == feeds.POSITIONS:
            return self.money.positions_frame(of, sequence, self._now)
        return self.money.balances_frame(of, sequence, self._now, changed)

    def _with_event_faults(self, session: Session, frame: Frame, delay: int) -> Iterable[Output]:
        faults = self.faults.next(Occasion.EVENT, frame.feed)
        if FaultKind.UNKNOWN_WORD in faults:
            frame = feeds.with_unknown_words(frame)
        return self._delivered(session, partial(venue_side.encode, frame), faults, delay)

    # Requests over the socket

    def _received(self, client: Session, message: str, now: Instant) -> list[Output]:
        return self._executed(
            client.number, parameters.event_of(message), lambda faults: [self._answers(client, message)]
        )

    def _answers(self, client: Session, message: str) -> Sequence[str]:
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

    def _heartbeat(self, client: Session, request: parameters.Request) -> Sequence[str]:
        wants = request.event == "subscribe"
        if not wants and client.next_heartbeat is None:
            return (_echo(request, "unsubscribed_failed"),)
        client.next_heartbeat = None
        if wants and not client.quiet:
            client.next_heartbeat = self._now.monotonic_ns + self.settings.heartbeat
        return (_echo(request, f"{request.event}d"),)

    def _private(self, client: Session, request: parameters.Request) -> Sequence[str]:
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
        client.feeds[request.feed] = Subscription(user.account, products)
        shown = venue_side.encode(self._snapshot(client, request.feed, user.account, products))
        messages = (_echo(request, "subscribed"), shown)
        return messages[::-1] if self.settings.snapshot_first else messages

    def _snapshot(self, client: Session, feed: str, account: str, products: frozenset[str] | None) -> Frame:
        if feed in feeds.MONEY:
            return self._money_frame(client, feed, account)
        return feeds.snapshot(feed, self.engine.accounts[account], self.engine, products)

    # REST

    def _reply(self, request: HttpRequest, faults: Faults, now: Instant) -> HttpReply:
        return self._rest.reply(request, faults, now)

    def _dropped(self, request: HttpRequest, now: Instant) -> Sequence[SessionNumber]:
        caller = self.access.signer_of(request)
        if caller is None:
            return ()
        dropped = [number for number, session in self._sessions.items() if session.listens_to(caller.account)]
        for number in dropped:
            del self._sessions[number]  # they do not hear what the call did
        return dropped

    def _end_call(self) -> list[Output]:
        """An answer cannot wait, so `feed_delay` makes the feeds wait instead."""
        return self._end(self.settings.feed_delay)

    # The input log

    def user_of(self, request: HttpRequest, now: Instant) -> str | None:
        if request.path == self.websocket_path:
            return ANYBODY
        user = self.access.signer_of(request)
        return None if user is None else user.api_key

    def token_for(self, user: str, now: Instant) -> str:
        return self.access.token_for(user)

    def _forget_logins(self) -> None:
        self.access.revoke_tokens()

    # What a program does to the venue

    def trade_against(
        self, symbol: str, side: Side, price: Decimal, quantity: Decimal, now: Instant, *, rest: bool = False
    ) -> Sequence[Output]:
        self._begin(now)
        kind = "lmt" if rest else "ioc"
        terms = Terms(type=kind, symbol=symbol, side=side, quantity=exact(quantity), limit_price=exact(price))
        self._market_maker.order(terms)
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
        self.engine.accept(terms, account, "liquidation", "liquidation")
        return self._end()

    def answer_next(self, status: str, *, executed: bool = False) -> Sequence[Output]:
        """One more of the next placements is answered with this status, whether it is executed or not."""
        self._rest.order_entry.scripted.append((status, executed))
        return ()

    def refuse_next(self, *codes: str, call: str = "") -> Sequence[Output]:
        """The next calls with a good signature are refused with these error codes and not executed. call: the end of
        their path, such as `cancelorder`; "" for any."""
        return self.fail_calls(*(Failure(call=call, error=code) for code in codes))

    def fail_calls(self, *failures: Failure) -> Sequence[Output]:
        """The next calls fail in these ways, each the first call that it meets. Failures without a text of the venue
        are `faults`."""
        self._rest.failures.extend(failures)
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
