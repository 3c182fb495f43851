"""The brain of a simulated Kraken Spot: sessions, requests, answers and reports, and what goes wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import ClassVar, Final

from attrs import define, evolve, field

from ...values import Instant, Side
from ..exchange import Accept, Close, HttpReply, HttpRequest, Output, Refuse, SessionNumber, Tell
from ..faults import FaultKind, Occasion
from ..ledger import Ledger
from ..simulated_exchange import Faults, SimulatedExchange
from ..triggers import Reference
from . import balances, feeds, refusals, venue_side
from .access import ANYBODY, Access
from .accounts import Account
from .balances import BalanceFeed
from .chosen_answers import ChosenAnswers
from .engine import Engine, Notice
from .feeds import Subscription, snapshot
from .identifiers import Ids
from .market_maker import MarketMaker
from .messages import Frame, Report, Result, StatusFrame, SystemStatus
from .order_entry import ORDER_METHODS, Answer, OrderEntry
from .orders import Terms
from .parameters import Request, Subscribe
from .refusals import Refused
from .replacements import restate
from .rest import RestInterface
from .sessions import Session
from .settings import KrakenSpotExchangeSettings, KrakenSpotUser
from .strictness import Strictness
from .times import stamp

__all__ = ["KrakenSpotExchange"]

FIRST_CONNECTION: Final = 17_000_000_000_000_000_000
GOING_AWAY: Final = 1001
UNAUTHORIZED: Final = 401
HEARTBEAT: Final = venue_side.encode(Frame(channel="heartbeat"))
FLOOD: Final = venue_side.encode(Frame(Error="Exceeded msg rate"))
VERSION: Final = "2.0.10"


@define
class KrakenSpotExchange(SimulatedExchange[KrakenSpotExchangeSettings, Engine, Session]):
    """See `SimulatedExchange`.

    Faults of requests and answers count order methods, faults of placements and cancels those over sockets; an event is
    one message of the executions channel.
    """

    secret_headers: ClassVar[frozenset[str]] = frozenset({"api-key", "api-sign"})
    malformed: ClassVar[str] = "the proxy is restarting"
    unknown_event: ClassVar[str] = '{"channel":"future","type":"update","data":[{"note":"from the future"}]}'

    ledger: Ledger = field(init=False)
    access: Access = field(init=False)
    _strictness: Strictness = field(init=False)
    _errors: ChosenAnswers[str] = field(init=False)
    _replies: ChosenAnswers[HttpReply] = field(init=False)
    _market_maker: MarketMaker = field(init=False)
    _order_entry: OrderEntry = field(init=False)
    _rest: RestInterface = field(init=False)
    _private_requests: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        ids = Ids(self.draw)
        self.ledger = Ledger(keep=self.settings.history)
        self.engine = Engine(self.settings, self.ledger, ids)
        self.access = Access(self.settings, ids)
        self._market_maker = MarketMaker(self.engine)
        self._order_entry = OrderEntry(self.engine, self.faults)
        self._strictness = Strictness(self.settings.strict)
        self._errors = ChosenAnswers(self.settings.errors)
        self._replies = ChosenAnswers(self.settings.http_replies)
        self._rest = RestInterface(self.engine, self.access, self._strictness, self._errors)

    @property
    def websocket_path(self) -> str:
        return "/v2"

    @property
    def violations(self) -> list[str]:
        """What was asked that the venue's documentation does not list, a sentence each; kept if it is `strict`."""
        return self._strictness.violations

    # Sessions

    def upgrade(
        self, session: SessionNumber, request: HttpRequest, now: Instant
    ) -> tuple[Accept | Refuse, Sequence[Output]]:
        chosen = self._replies.take(_name_of(request))
        if chosen is None:
            return super().upgrade(session, request, now)
        self._begin(now)
        return Refuse(chosen), self._end()

    def _open(self, session: SessionNumber, request: HttpRequest, faults: Faults, now: Instant) -> list[Output]:
        at, quiet = now.monotonic_ns, FaultKind.STOP_HEARTBEAT in faults
        self._sessions[session] = Session(
            number=session, last_sent=at, last_heard=at, quiet=quiet, unsubscribed_since=at, second=at
        )
        return [self._status(session), *self._end()]

    def _status(self, session: SessionNumber) -> Tell:
        status = SystemStatus(
            version=VERSION,
            system=self.engine.system,
            api_version="v2",
            connection_id=FIRST_CONNECTION + session,
            upcoming_maintenance=[],
            emergency=[],
        )
        return Tell(session, venue_side.encode(StatusFrame(channel="status", type="update", data=[status])))

    def _failure(self, status: int) -> HttpReply:
        return _error_reply(status, refusals.PERMISSION if status == UNAUTHORIZED else refusals.UNAVAILABLE)

    def pinged(self, session: SessionNumber, now: Instant) -> None:
        if session in self._sessions:
            self._sessions[session].last_heard = now.monotonic_ns

    def _ended(self, session: Session) -> None:
        self.access.gone(session.number)

    # Time

    def _dues(self, session: Session) -> Iterable[int]:
        """When a session gets a heartbeat, and when it is closed."""
        if session.listens and not session.quiet:
            yield session.last_sent + self.settings.heartbeat
        yield self._end_of(session)

    def _end_of(self, session: Session) -> int:
        """When it is closed for want of traffic, or of a subscription."""
        idle = max(session.last_sent, session.last_heard) + self.settings.idle_timeout
        patience = self.settings.subscription_timeout
        return idle if session.listens or patience is None else min(idle, session.unsubscribed_since + patience)

    def tick(self, now: Instant) -> Sequence[Output]:
        now = self._begin(now)
        outputs = self._held.take(now.monotonic_ns)
        self.engine.tick()
        outputs += self._end()
        self._sent(outputs)  # first, because they put off the heartbeats
        beats = [output for session in list(self._sessions.values()) for output in self._beat(session, now)]
        return (*outputs, *self._sent(beats))

    def _beat(self, session: Session, now: Instant) -> Iterable[Output]:
        listens = session.listens and not session.quiet
        if listens and session.last_sent + self.settings.heartbeat <= now.monotonic_ns:
            yield Tell(session.number, HEARTBEAT)
        elif self._end_of(session) <= now.monotonic_ns:
            del self._sessions[session.number]
            self.access.gone(session.number)
            yield Close(session.number, GOING_AWAY, "no traffic" if session.listens else "no subscription")

    def _refresh_quotes(self) -> None:
        self._market_maker.refresh_quotes()

    # Events

    def _end(self) -> list[Output]:
        notices, moves = self.engine.take_notices(), self.engine.take_moves()
        if not notices and not moves:
            return []
        outputs: list[Output] = []
        for session in self._sessions.values():
            outputs += self._publish(session, notices)
            if session.balances is not None:
                outputs += [Tell(session.number, text) for text in session.balances.updates(moves)]
        return outputs

    def _sent(self, outputs: Sequence[Output]) -> Sequence[Output]:
        """Outputs that go out now: they put off heartbeats."""
        for output in outputs:
            session = self._sessions.get(output.session)
            if session is not None:
                session.last_sent = self._now.monotonic_ns
        return outputs

    def _publish(self, session: Session, notices: list[Notice]) -> Iterable[Output]:
        if session.subscription is None:
            return
        reports, size = session.subscription.heard(notices), self.settings.reports_per_message
        for start in range(0, len(reports), size):
            yield from self._reported(session, session.subscription, reports[start : start + size])

    def _reported(self, session: Session, subscription: Subscription, reports: list[Report]) -> Iterable[Output]:
        faults = self.faults.next(Occasion.EVENT, reports[0].exec_type or "")
        if FaultKind.UNKNOWN_WORD in faults:
            reports = [evolve(report, order_status="future_status") for report in reports]
        yield from self._delivered(session, partial(subscription.message, "update", reports), faults)

    # Requests over the socket

    def _received(self, client: Session, message: str, now: Instant) -> list[Output]:
        client.last_heard = now.monotonic_ns
        rate = self.settings.message_rate
        if rate is not None and client.counts(now.monotonic_ns) > rate:
            return [Tell(client.number, FLOOD), *self._end()]
        try:
            call = venue_side.decode_request(message, whole_numbers=self.settings.whole_numbers)
        except venue_side.BadRequest as problem:
            return [Tell(client.number, _refused_request(problem, now)), *self._end()]
        if call.method not in ORDER_METHODS:
            return [*self._channel_request(client, call), *self._end()]

        def answers(faults: Faults) -> list[list[str]]:
            if FaultKind.ERROR_WITHOUT_NUMBER in faults:
                return [[_frame(evolve(call, req_id=None), Answer(error=refusals.INTERNAL), now)]]
            return [[_frame(call, answer, now)] for answer in self._answers(client, call)]

        return self._executed(client.number, call.method, answers)

    def _answers(self, client: Session, call: Request) -> list[Answer]:
        chosen = self._errors.take(call.method)
        if chosen is not None:
            return [Answer(error=chosen)]
        try:
            user = self._user(client, getattr(call.params, "token", None))
        except Refused as refused:
            return [Answer(error=refused.text)]
        if not user.may_trade:
            return [Answer(error=refusals.PERMISSION)]
        return self._order_entry.answers(call.method, self.engine.accounts[user.account], call.params)

    def _user(self, client: Session, token: str | None) -> KrakenSpotUser:
        """Who sends a private request. Raises Refused."""
        self._private_requests += 1
        if self._private_requests in self.settings.invalid_tokens and token is not None:
            self.access.revoke(token)
        user = self.access.user_of_token(token, client.number, self._now)
        if user is None:
            raise Refused(refusals.INVALID_TOKEN)
        return user

    @property
    def _tells_events_first(self) -> bool:
        return self.settings.events_first

    # Channels

    def _channel_request(self, client: Session, call: Request) -> list[Output]:
        time = stamp(self._now.wall_ns)
        chosen = self._errors.take(call.method)
        if call.method == "ping" and chosen is None:
            pong = Frame(method="pong", req_id=call.req_id, time_in=time, time_out=time)
            return [Tell(client.number, venue_side.encode(pong))]
        try:
            if chosen is not None:
                raise Refused(chosen)
            return self._subscription_request(client, call)
        except Refused as refused:
            text = refusals.INVALID_SESSION if refused.text == refusals.INVALID_TOKEN else refused.text
            return [Tell(client.number, _refused_channel(call, text, self._now))]

    def _subscription_request(self, client: Session, call: Request) -> list[Output]:
        """Raises Refused."""
        params = call.params
        channel = getattr(params, "channel", None)
        if channel not in (feeds.CHANNEL, balances.CHANNEL):
            raise Refused("Subscription name invalid")
        user = self._user(client, getattr(params, "token", None))
        if not user.may_stream:
            raise Refused(refusals.PERMISSION)
        if not isinstance(params, Subscribe):
            return self._unsubscribe(client, call, channel)
        assert params.token is not None  # its user is known
        self.access.keep(params.token, client.number)
        account = self.engine.accounts[user.account]
        subscribe = self._subscribe if channel == feeds.CHANNEL else self._subscribe_balances
        return subscribe(client, call, params, account)

    def _subscribe(self, client: Session, call: Request, asked: Subscribe, account: Account) -> list[Output]:
        """The answer, then the snapshot, if there is to be one. A second subscription begins anew."""
        settings = self.settings
        client.subscription = subscription = Subscription(
            account, asked, settings.ratecounter_field, settings.trades_without_status
        )
        deprecated = asked.snapshot is not None or asked.snapshot_trades is not None
        result = Result(
            channel=feeds.CHANNEL,
            maxratecount=account.rates.tier.most,
            snap_orders=subscription.snap_orders,
            snap_trades=subscription.snap_trades,
            snapshot=asked.snapshot,
            warnings=["snapshot is deprecated, use snap_orders and snap_trades"] if deprecated else None,
        )
        outputs: list[Output] = [Tell(client.number, _frame(call, Answer(result), self._now))]
        if not subscription.for_all_users:
            reports = list(snapshot(subscription, self.engine.reporter))
            outputs.append(Tell(client.number, subscription.message("snapshot", reports)))
        return outputs

    def _subscribe_balances(self, client: Session, call: Request, asked: Subscribe, account: Account) -> list[Output]:
        client.balances = following = BalanceFeed(account)
        wants_snapshot = asked.snapshot is not False
        result = Result(channel=balances.CHANNEL, snapshot=wants_snapshot)
        outputs: list[Output] = [Tell(client.number, _frame(call, Answer(result), self._now))]
        if wants_snapshot:
            outputs.append(Tell(client.number, following.snapshot()))
        return outputs

    def _unsubscribe(self, client: Session, call: Request, channel: str) -> list[Output]:
        """Raises Refused."""
        field_name = "subscription" if channel == feeds.CHANNEL else "balances"
        if getattr(client, field_name) is None:
            raise Refused("Subscription Not Found")
        setattr(client, field_name, None)
        if not client.listens:
            client.unsubscribed_since = self._now.monotonic_ns
            self.access.gone(client.number)
        return [Tell(client.number, _frame(call, Answer(Result(channel=channel)), self._now))]

    # REST

    def request(self, request: HttpRequest, now: Instant) -> tuple[HttpReply, Sequence[Output]]:
        chosen = self._replies.take(_name_of(request))
        if chosen is None:
            return super().request(request, now)
        self._begin(now)
        return chosen, self._sent(self._end())

    def _reply(self, request: HttpRequest, faults: Faults, now: Instant) -> HttpReply:
        return self._rest.reply(request, now, list_nothing=FaultKind.LIST_NOTHING in faults)

    def _dropped(self, request: HttpRequest, now: Instant) -> Sequence[SessionNumber]:
        signer = self.access.signer_of(request)
        if signer is None:
            return ()
        subscriptions = ((number, session.subscription) for number, session in self._sessions.items())
        return [
            number
            for number, subscription in subscriptions
            if subscription is not None and subscription.account.name == signer.account
        ]

    def _end_call(self) -> list[Output]:
        events = self._end()  # their sequence numbers are used up in any case
        return events if self.settings.rest_events else []

    # The input log

    def user_of(self, request: HttpRequest, now: Instant) -> str | None:
        if request.path == self.websocket_path:
            return ANYBODY
        signer = self.access.signer_of(request)
        return None if signer is None else self.access.name_of(signer)

    def token_for(self, user: str, now: Instant) -> str:
        return self.access.token_for(user)

    def _forget_logins(self) -> None:
        self.access.revoke()
        self.access.stop_replaying()

    # What a program does to the venue

    def trade_against(
        self, symbol: str, side: Side, price: Decimal, quantity: Decimal | int, now: Instant, *, rest: bool = False
    ) -> Sequence[Output]:
        self._begin(now)
        terms = Terms(
            symbol=symbol,
            side=side,
            type="limit",
            quantity=Decimal(quantity),
            limit_price=price,
            tif="GTC" if rest else "IOC",
        )
        self._market_maker.order(terms)
        return self._sent(self._end())

    def set_system(self, system: str, now: Instant) -> Sequence[Output]:
        """Sets the engine's state, e.g. cancel_only, and informs every session."""
        self._begin(now)
        self.engine.system = system
        return self._sent([*(self._status(number) for number in self._sessions), *self._end()])

    def set_pair_status(self, symbol: str, status: str, now: Instant) -> Sequence[Output]:
        """Sets the state of one market, e.g. limit_only; AssetPairs shows it."""
        self._begin(now)
        self.engine.markets[symbol].status = status
        return self._sent(self._end())

    def set_index(self, symbol: str, price: Decimal, now: Instant) -> Sequence[Output]:
        """Moves the index price, and the market maker's quotes with it."""
        self._begin(now)
        self.engine.see_price(self.engine.markets[symbol], Reference.INDEX, price)
        self.engine.settle()
        return self._sent(self._end())

    def restate_order(self, order_id: str, quantity: Decimal, reason: str, now: Instant) -> Sequence[Output]:
        """The venue makes an open order smaller by itself. quantity: the new total."""
        self._begin(now)
        restate(self.engine, self.engine.orders[order_id], quantity, reason)
        return self._sent(self._end())

    def revoke_tokens(self, now: Instant) -> Sequence[Output]:
        """Every session token is worth nothing from now on; sockets stay open."""
        self._begin(now)
        self.access.revoke()
        return self._sent(self._end())

    def refuse_next(self, name: str, text: str) -> None:
        """The next request of this name is refused with this text and not executed. name: a method of the socket, such
        as cancel_order, or a call of REST, such as CancelOrder or GetWebSocketsToken."""
        self._errors.choose(name, text)

    def reply_next(self, name: str, reply: HttpReply) -> None:
        """The next REST call of this name gets this reply and is not executed; name v2: the next WebSocket upgrade is
        refused with it. See `proxy_page`."""
        self._replies.choose(name, reply)


def _name_of(request: HttpRequest) -> str:
    return request.path.rpartition("/")[2]


def _frame(call: Request, answer: Answer, now: Instant) -> str:
    time = stamp(now.wall_ns)
    frame = Frame(
        method=call.method,
        req_id=call.req_id,
        result=answer.result,
        error=answer.error,
        success=answer.error is None,
        time_in=time,
        time_out=time,
    )
    return venue_side.encode(frame)


def _refused_request(problem: venue_side.BadRequest, now: Instant) -> str:
    try:
        return venue_side.refusal(problem, time_in=now.wall_ns, time_out=now.wall_ns)
    except UnicodeEncodeError:  # it quotes half a character of the client's
        unreadable = venue_side.BadRequest("Malformed request", req_id=problem.req_id)
        return venue_side.refusal(unreadable, time_in=now.wall_ns, time_out=now.wall_ns)


def _refused_channel(call: Request, text: str, now: Instant) -> str:
    time = stamp(now.wall_ns)
    frame = Frame(
        method=call.method,
        req_id=call.req_id,
        error=text,
        success=False,
        channel=getattr(call.params, "channel", None),
        status="error",
        time_in=time,
        time_out=time,
    )
    return venue_side.encode(frame)


def _error_reply(status: int, text: str) -> HttpReply:
    return HttpReply(status=status, body=venue_side.encode({"error": [text]}).encode())
