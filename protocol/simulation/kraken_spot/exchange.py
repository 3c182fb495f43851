"""The brain of a simulated Kraken Spot: sessions, requests, answers and reports, and what goes wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

from attrs import define, evolve, field

from ...values import Instant, Side
from ..exchange import Accept, Close, HttpReply, HttpRequest, Output, Refuse, SessionNumber, Tell
from ..fault_effects import HeldBack, farewell, noise, page
from ..faults import FaultKind, FaultSchedule, Occasion
from ..ledger import Ledger
from ..triggers import Reference
from . import balances, feeds, refusals, venue_side
from .access import ANYBODY, Access
from .accounts import Account
from .balances import BalanceFeed
from .chosen_answers import ChosenAnswers
from .engine import Engine, Notice
from .feeds import Subscription, snapshot
from .identifiers import Ids
from .market_maker import house_order, refresh_quotes
from .messages import Frame, Report, Result, StatusFrame, SystemStatus
from .order_entry import ORDER_METHODS, Answer, MethodDesk
from .orders import Terms
from .parameters import Request, Subscribe
from .refusals import Refused
from .replacements import restate
from .rest import RestDesk
from .settings import HOUSE, KrakenSpotExchangeSettings, KrakenSpotUser
from .strictness import Strictness
from .times import stamp

__all__ = ["KrakenSpotExchange"]

SECOND: Final = 1_000_000_000
FIRST_CONNECTION: Final = 17_000_000_000_000_000_000
GOING_AWAY: Final = 1001
HEARTBEAT: Final = venue_side.encode(Frame(channel="heartbeat"))
FLOOD: Final = venue_side.encode(Frame(Error="Exceeded msg rate"))
VERSION: Final = "2.0.10"
MALFORMED: Final = "the proxy is restarting"
UNKNOWN_EVENT: Final = '{"channel":"future","type":"update","data":[{"note":"from the future"}]}'


@define
class _Session:
    """One socket. told, heard: ns, monotonic, of the last message to the client, and of its last message or ping;
    alone: since when it has no subscription; held_until: a delayed report holds back those behind it; second, messages:
    how many the client sent in this second."""

    number: SessionNumber
    told: int
    heard: int
    quiet: bool
    alone: int
    subscription: Subscription | None = None
    balances: BalanceFeed | None = None
    held_until: int = 0
    second: int = 0
    messages: int = 0

    @property
    def listens(self) -> bool:
        return self.subscription is not None or self.balances is not None

    def counts(self, now: int) -> int:
        """Messages in this second, with this one."""
        if now - self.second >= SECOND:
            self.second, self.messages = now, 0
        self.messages += 1
        return self.messages


@define
class KrakenSpotExchange:
    """See `protocol.simulation.exchange.Exchange`. draw: from 0 up to, not including, 1; the seed of everything.

    Read `ledger` and `engine` freely; change things through the methods, which return what is to be sent. Faults of
    requests and answers count order methods, faults of placements and cancels those over sockets; an event is one
    message of the executions channel.
    """

    settings: KrakenSpotExchangeSettings
    draw: Callable[[], float]
    faults: FaultSchedule = field(factory=FaultSchedule)
    ledger: Ledger = field(init=False)
    engine: Engine = field(init=False)
    access: Access = field(init=False)
    _strictness: Strictness = field(init=False)
    _errors: ChosenAnswers[str] = field(init=False)
    _replies: ChosenAnswers[HttpReply] = field(init=False)
    _methods: MethodDesk = field(init=False)
    _rest: RestDesk = field(init=False)
    _sessions: dict[SessionNumber, _Session] = field(factory=dict, init=False)
    _held: HeldBack = field(factory=HeldBack, init=False)
    _private_requests: int = field(default=0, init=False)
    _now: Instant = field(default=Instant(0, 0), init=False)

    def __attrs_post_init__(self) -> None:
        ids = Ids(self.draw)
        self.ledger = Ledger(keep=self.settings.history)
        self.engine = Engine(self.settings, self.ledger, ids)
        self.access = Access(self.settings, ids)
        self._methods = MethodDesk(self.engine, self.faults)
        self._strictness = Strictness(self.settings.strict)
        self._errors = ChosenAnswers(self.settings.errors)
        self._replies = ChosenAnswers(self.settings.http_replies)
        self._rest = RestDesk(self.engine, self.access, self._strictness, self._errors)

    @property
    def websocket_path(self) -> str:
        return "/v2"

    @property
    def violations(self) -> list[str]:
        """What was asked that the venue's documentation does not list, a sentence each; kept if it is `strict`."""
        return self._strictness.violations

    @property
    def client_accounts(self) -> frozenset[str]:
        """Accounts that somebody has a key for."""
        return frozenset(self.engine.accounts) - {HOUSE}

    # Sessions

    def upgrade(
        self, session: SessionNumber, request: HttpRequest, now: Instant
    ) -> tuple[Accept | Refuse, Sequence[Output]]:
        self._begin(now)
        chosen = self._replies.take(_name_of(request))
        if chosen is not None:
            return Refuse(chosen), self._end()
        faults = self.faults.next(Occasion.UPGRADE, request.path)
        if FaultKind.UPGRADE_PAGE in faults:
            return Refuse(page(faults[FaultKind.UPGRADE_PAGE].code)), self._end()
        if FaultKind.REFUSE_TOKEN in faults:
            return Refuse(_error_reply(401, refusals.PERMISSION)), self._end()
        if FaultKind.REFUSE_UPGRADE in faults:
            code = faults[FaultKind.REFUSE_UPGRADE].code
            return Refuse(_error_reply(code, refusals.UNAVAILABLE)), self._end()
        at = now.monotonic_ns
        opened = _Session(
            number=session, told=at, heard=at, quiet=FaultKind.STOP_HEARTBEAT in faults, alone=at, second=at
        )
        self._sessions[session] = opened
        return Accept(), self._sent([self._status(session), *self._end()])

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

    def pinged(self, session: SessionNumber, now: Instant) -> None:
        if session in self._sessions:
            self._sessions[session].heard = now.monotonic_ns

    def gone(self, session: SessionNumber, now: Instant) -> Sequence[Output]:
        self._begin(now)
        self._sessions.pop(session, None)
        self.access.gone(session)
        return self._sent(self._end())

    # Time

    @property
    def next_due(self) -> int | None:
        dues = [due for session in self._sessions.values() for due in self._dues(session)]
        dues += [due for due in (self._held.next_due, self.engine.next_due) if due is not None]
        return min(dues, default=None)

    def _dues(self, session: _Session) -> Iterable[int]:
        """When a session gets a heartbeat, and when it is closed."""
        if session.listens and not session.quiet:
            yield session.told + self.settings.heartbeat
        yield self._end_of(session)

    def _end_of(self, session: _Session) -> int:
        """When it is closed for want of traffic, or of a subscription."""
        idle = max(session.told, session.heard) + self.settings.idle_timeout
        patience = self.settings.subscription_timeout
        return idle if session.listens or patience is None else min(idle, session.alone + patience)

    def tick(self, now: Instant) -> Sequence[Output]:
        self._begin(now)
        outputs = self._held.take(now.monotonic_ns)
        self.engine.tick()
        outputs += self._end()
        self._sent(outputs)
        beats = [output for session in list(self._sessions.values()) for output in self._beat(session, now)]
        return (*outputs, *self._sent(beats))

    def _beat(self, session: _Session, now: Instant) -> Iterable[Output]:
        listens = session.listens and not session.quiet
        if listens and session.told + self.settings.heartbeat <= now.monotonic_ns:
            yield Tell(session.number, HEARTBEAT)
        elif self._end_of(session) <= now.monotonic_ns:
            del self._sessions[session.number]
            self.access.gone(session.number)
            yield Close(session.number, GOING_AWAY, "no traffic" if session.listens else "no subscription")

    def _begin(self, now: Instant) -> None:
        self._now = self.engine.now = now
        if self.settings.quotes:
            refresh_quotes(self.engine)

    def _end(self) -> list[Output]:
        """What the engine's notices make every session hear."""
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
                session.told = self._now.monotonic_ns
        return outputs

    # Reports

    def _publish(self, session: _Session, notices: list[Notice]) -> Iterable[Output]:
        if session.subscription is None:
            return
        reports, size = session.subscription.heard(notices), self.settings.reports_per_message
        for start in range(0, len(reports), size):
            yield from self._told(session, session.subscription, reports[start : start + size])

    def _told(self, session: _Session, subscription: Subscription, reports: list[Report]) -> Iterable[Output]:
        faults = self.faults.next(Occasion.EVENT, reports[0].exec_type or "")
        if FaultKind.UNKNOWN_WORD in faults:
            reports = [evolve(report, order_status="future_status") for report in reports]
        messages: list[Output] = [
            Tell(session.number, subscription.message("update", reports))
            for _ in range(2 if FaultKind.DUPLICATE_EVENT in faults else 1)
        ]
        if FaultKind.DROP_EVENT in faults:
            return  # its number is used up: a gap
        if FaultKind.DELAY_EVENT in faults:
            due = self._now.monotonic_ns + faults[FaultKind.DELAY_EVENT].delay
            session.held_until = max(session.held_until, due)
        yield from self._held.unless_held(messages, session.held_until, self._now.monotonic_ns)

    # Requests over the socket

    def receive(self, session: SessionNumber, message: str | bytes, now: Instant) -> Sequence[Output]:
        self._begin(now)
        client = self._sessions.get(session)
        if client is None or isinstance(message, bytes):
            return self._sent(self._end())
        client.heard = now.monotonic_ns
        rate = self.settings.message_rate
        if rate is not None and client.counts(now.monotonic_ns) > rate:
            return self._sent([Tell(session, FLOOD), *self._end()])
        try:
            call = venue_side.decode_request(message, whole_numbers=self.settings.whole_numbers)
        except venue_side.BadRequest as problem:
            return self._sent([Tell(session, _refused_request(problem, now)), *self._end()])
        if call.method in ORDER_METHODS:
            return self._sent(self._order_request(client, call))
        return self._sent([*self._channel_request(client, call), *self._end()])

    def _order_request(self, client: _Session, call: Request) -> list[Output]:
        faults = self.faults.next(Occasion.REQUEST, call.method)
        if FaultKind.DROP_BEFORE in faults:
            return [*self._end(), Close(client.number, None)]
        if FaultKind.ERROR_WITHOUT_NUMBER in faults:
            answers = [_frame(evolve(call, req_id=None), Answer(error=refusals.INTERNAL), self._now)]
        else:
            answers = [_frame(call, answer, self._now) for answer in self._answers(client, call)]
        outputs = self._in_order(client.number, call.method, answers, self._end())
        return [
            *noise(client.number, faults, malformed=MALFORMED, unknown=UNKNOWN_EVENT),
            *outputs,
            *farewell(client.number, faults),
        ]

    def _answers(self, client: _Session, call: Request) -> list[Answer]:
        chosen = self._errors.take(call.method)
        if chosen is not None:
            return [Answer(error=chosen)]
        try:
            user = self._user(client, getattr(call.params, "token", None))
        except Refused as refused:
            return [Answer(error=refused.text)]
        if not user.may_trade:
            return [Answer(error=refusals.PERMISSION)]
        return self._methods.answers(call.method, self.engine.accounts[user.account], call.params)

    def _user(self, client: _Session, token: str | None) -> KrakenSpotUser:
        """Who sends a private request. Raises Refused."""
        self._private_requests += 1
        if self._private_requests in self.settings.invalid_tokens and token is not None:
            self.access.revoke(token)
        user = self.access.user_of_token(token, client.number, self._now)
        if user is None:
            raise Refused(refusals.INVALID_TOKEN)
        return user

    def _in_order(self, session: SessionNumber, method: str, answers: list[str], events: list[Output]) -> list[Output]:
        told: list[Output] = []
        late = self.settings.events_first
        for text in answers:
            faults = self.faults.next(Occasion.ANSWER, method)
            copies: list[Output] = [Tell(session, text)] * (2 if FaultKind.DUPLICATE_ANSWER in faults else 1)
            late = late or FaultKind.EVENTS_FIRST in faults
            if FaultKind.DROP_ANSWER in faults:
                continue
            if FaultKind.DELAY_ANSWER in faults:
                self._held.hold(copies, self._now.monotonic_ns + faults[FaultKind.DELAY_ANSWER].delay)
                continue
            told += copies
        return [*events, *told] if late else [*told, *events]

    # Channels

    def _channel_request(self, client: _Session, call: Request) -> list[Output]:
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

    def _subscription_request(self, client: _Session, call: Request) -> list[Output]:
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

    def _subscribe(self, client: _Session, call: Request, asked: Subscribe, account: Account) -> list[Output]:
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

    def _subscribe_balances(self, client: _Session, call: Request, asked: Subscribe, account: Account) -> list[Output]:
        client.balances = following = BalanceFeed(account)
        wants_snapshot = asked.snapshot is not False
        result = Result(channel=balances.CHANNEL, snapshot=wants_snapshot)
        outputs: list[Output] = [Tell(client.number, _frame(call, Answer(result), self._now))]
        if wants_snapshot:
            outputs.append(Tell(client.number, following.snapshot()))
        return outputs

    def _unsubscribe(self, client: _Session, call: Request, channel: str) -> list[Output]:
        """Raises Refused."""
        field_name = "subscription" if channel == feeds.CHANNEL else "balances"
        if getattr(client, field_name) is None:
            raise Refused("Subscription Not Found")
        setattr(client, field_name, None)
        if not client.listens:
            client.alone = self._now.monotonic_ns
            self.access.gone(client.number)
        return [Tell(client.number, _frame(call, Answer(Result(channel=channel)), self._now))]

    # REST

    def request(self, request: HttpRequest, now: Instant) -> tuple[HttpReply, Sequence[Output]]:
        self._begin(now)
        chosen = self._replies.take(_name_of(request))
        if chosen is not None:
            return chosen, self._sent(self._end())
        faults = self.faults.next(Occasion.REST, request.path)
        if FaultKind.REST_PAGE in faults:
            return page(faults[FaultKind.REST_PAGE].code), self._sent(self._end())
        if FaultKind.REST_ERROR in faults:
            code = faults[FaultKind.REST_ERROR].code
            return _error_reply(code, refusals.UNAVAILABLE), self._sent(self._end())
        signer = self.access.signer_of(request)
        reply = self._rest.reply(request, now, list_nothing=FaultKind.LIST_NOTHING in faults)
        outputs = self._end()
        if not self.settings.rest_events:
            outputs = []
        if FaultKind.REST_ERROR_EXECUTED in faults:
            code = faults[FaultKind.REST_ERROR_EXECUTED].code
            reply = HttpReply(status=code, body=b"<html>bad gateway</html>", content_type="text/html")
        if FaultKind.DROP_SESSIONS in faults and signer is not None:
            outputs += [Close(number, None) for number in self._sessions_of(signer.account)]
        return reply, self._sent(outputs)

    def _sessions_of(self, account: str) -> list[SessionNumber]:
        """Those that listen to the account."""
        subscribed = ((number, session.subscription) for number, session in self._sessions.items())
        return [number for number, listens in subscribed if listens is not None and listens.account.name == account]

    # The input log

    def user_of(self, request: HttpRequest, now: Instant) -> str | None:
        if request.path == self.websocket_path:
            return ANYBODY
        signer = self.access.signer_of(request)
        return None if signer is None else self.access.name_of(signer)

    def token_for(self, user: str, now: Instant) -> str:
        return self.access.token_for(user)

    def restarted(self, now: Instant) -> None:
        self._begin(now)
        self._sessions.clear()
        self._held.clear()
        self.access.revoke()
        self.access.stop_replaying()
        self._end()

    # What a program does to the venue

    def trade_against(
        self, symbol: str, side: Side, price: Decimal, quantity: Decimal | int, now: Instant, *, rest: bool = False
    ) -> Sequence[Output]:
        """Another trader's order; what does not trade is canceled, or stays in the book if `rest`."""
        self._begin(now)
        terms = Terms(
            symbol=symbol,
            side=side,
            type="limit",
            quantity=Decimal(quantity),
            limit_price=price,
            tif="GTC" if rest else "IOC",
        )
        house_order(self.engine, terms)
        return self._sent(self._end())

    def set_system(self, system: str, now: Instant) -> Sequence[Output]:
        """Sets the engine's state, e.g. cancel_only, and tells every session."""
        self._begin(now)
        self.engine.system = system
        return self._sent([*(self._status(number) for number in self._sessions), *self._end()])

    def set_pair_status(self, symbol: str, status: str, now: Instant) -> Sequence[Output]:
        """Sets the state of one market, e.g. limit_only; AssetPairs tells it."""
        self._begin(now)
        self.engine.markets[symbol].status = status
        return self._sent(self._end())

    def set_index(self, symbol: str, price: Decimal, now: Instant) -> Sequence[Output]:
        """Moves the index price, and the house's quotes with it."""
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

    def close_all(self, code: int | None) -> Sequence[Output]:
        """Ends every session; code None: without a close frame."""
        return [Close(number, code) for number in self._sessions]


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
