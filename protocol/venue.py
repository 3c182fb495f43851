"""The seam between the neutral core and one venue: what a venue module must provide, and the rules of its wire.

A venue is one object that satisfies `Venue`. It is pure: it turns requests into frames or HTTP calls, and
messages into facts. It knows no connection, no clock and no order state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Protocol

from attrs import field, frozen

from .commands import Replace
from .facts import Fact, LoggedIn
from .limits import BudgetTerms
from .orders import NewOrder, VenueOptions
from .reasons import RejectReason
from .requests import OWN_PATIENCE, CancelOrder, PlaceOrder, ReplaceOrder, Request, may_wait
from .values import ClientOrderId, Instrument, SystemMode, TimeInForce, WireId

__all__ = [
    "BatchRules",
    "HttpAnswer",
    "HttpCall",
    "Opening",
    "SignedCall",
    "Silence",
    "Throttle",
    "Upgrade",
    "Venue",
    "VenueDefaults",
    "VenueRules",
    "Wire",
]

SECOND = 1_000_000_000
PAGE_BEGINNING = 4096
"""Bytes of an answer within which a page shows that it is one: templates like to begin with empty lines."""
BLANK = b"\xef\xbb\xbf \t\r\n\f\v"
"""What may stand before the first sign of a page or of JSON, the byte order mark included."""


@frozen(kw_only=True)
class HttpCall:
    """One HTTP request. path: from the root of the host, a query that is signed as it is sent included; authorized:
    send the current token with it; pool: the budget that it draws on, "" for none; cost: in tokens of that budget;
    urgent: as `requests.is_urgent` has it, and the login: it stands in no queue behind what adds risk.

    Body and headers never show in repr: they may hold a secret.
    """

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: bytes | None = field(default=None, repr=False)
    authorized: bool = True
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    pool: str = ""
    cost: int = 0
    urgent: bool = False


@frozen(kw_only=True)
class SignedCall(HttpCall):
    """A call that must be signed just before it is sent, with a number that grows from call to call of one key, so that
    such calls have to reach the venue in the order of their numbers.

    signer: makes the finished call of this one and a nonce.
    """

    signer: Callable[[SignedCall, int], HttpCall] = field(repr=False, eq=False)

    def sign(self, nonce: int) -> HttpCall:
        """The call as it goes out. nonce: greater than that of every earlier call with the key."""
        return self.signer(self, nonce)


@frozen(kw_only=True)
class HttpAnswer:
    """What came back. headers: by lower-case name, the last of each. Neither they nor the body show in repr: they may
    hold a token."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(factory=dict, repr=False)

    @property
    def is_page(self) -> bool:
        """A web page where a venue would speak JSON, whatever the status. It comes from a proxy or a guard in front of
        the venue: a failure on the way, never the venue's word about credentials, orders or instruments (spec Kraken 0,
        AX 1.1)."""
        beginning = self.body[:PAGE_BEGINNING].lstrip(BLANK)[:1]
        if beginning in (b"{", b"["):
            return False  # JSON under a wrong label
        return beginning == b"<" or "html" in self.headers.get("content-type", "").lower()

    @property
    def page_problem(self) -> str | None:
        """A sentence about the page that came; None when it is none."""
        if not self.is_page:
            return None
        return (
            f"A web page came in place of the venue's answer (HTTP status {self.status}): something between us and the"
            " venue answered for it."
        )


@frozen(kw_only=True)
class Upgrade:
    """How to open the WebSocket: full url and extra headers. The headers never show in repr: they hold the token."""

    url: str
    headers: Sequence[tuple[str, str]] = field(repr=False)


@frozen(kw_only=True)
class BatchRules:
    """most: legs in one request; most_orders: of these, placements and changes; least: fewer are sent one by one;
    one_symbol: all legs of one instrument; market: market orders may be among them; kinds: what a leg may be."""

    most: int
    most_orders: int
    least: int = 1
    one_symbol: bool = False
    market: bool = True
    kinds: frozenset[type] = frozenset({PlaceOrder, ReplaceOrder, CancelOrder})


class Silence(Enum):
    """What it proves that a venue sent no message for `data_deadline`. Pings and pongs are no messages, nor are answers
    to pings: whatever stands between us and the venue can send them.

    DEAD: the connection is dead, since a living venue sends something every few seconds;
    BEATS: the same once the venue has promised heartbeats, or if it has been silent from the login on;
    ASKED: by itself nothing, so the venue is asked for the open orders (sooner if no byte comes either). The connection
    is dead if no message at all follows within `request_timeout` on that, or on any other request; or if no byte comes
    for `data_deadline`;
    NOTHING: nothing, and the venue answers no question over this connection: any byte counts as life. So it is under
    BEATS too where the venue refuses heartbeats.
    """

    DEAD = "dead"
    BEATS = "beats"
    ASKED = "asked"
    NOTHING = "nothing"


@frozen(kw_only=True)
class VenueRules:
    """What dispatch must know of a wire, as data. Times in ns.

    venue: the name after the dot of its instruments, and the key in the registry;
    request_timeout: an unanswered request is given up after this long (an order: Unknown);
    query_delays: pauses before the first, second … status query of an order whose outcome is unknown; the last
      one repeats;
    absence_proves_after: "no such order" proves that a placement without a deadline of its own never arrived only if it
      was sent at least this long before the query;
    ended_proves_after: or if the venue ended the connection that carried it at least this long before; None: that
      proves nothing;
    lists_lag: how far the venue's lists, its answers about single orders and its history follow behind the stream: what
      it may do until a moment is missing from them for certain only this long after that;
    early_cancel_delays: pauses before a cancel that came too early is sent again;
    throttled_cancel_delays: pauses before a cancel that met the venue's limit for calls is sent again;
    expiry_is_cancel: a time-in-force under which "expired" means canceled;
    cancel_by_wire_id: an order whose venue id is not known yet can be canceled by its wire id;
    http_requests: the classes of requests that the venue takes over HTTP only;
    history_span: the longest time range that one question for fills, or for what became of orders, may have, None for
      any;
    history_by_placement: what became of orders is asked for by when the venue received them, however long ago that was,
      not by when they ended;
    chain_history: what became of orders names each venue order id that a replaced order had, with what filled under it;
    lists_order_fills: the fills of one order can be asked for alone (`ListFills.venue_order_id`), however old it is;
    status_shows_terms: the answer to a question for one order shows its side, price and quantity, not its life and
      total alone;
    fatal_close_codes: after a WebSocket close with one of these, another try would end the same way;
    patient_close_codes: after one of these, the next try waits long;
    silence: what it proves that no message came for `data_deadline`;
    market_needs_price: the venue has no market orders; ask it for a price, and send a limit order at that;
    changes_in_place: a change keeps the order, with its venue order id and what has filled of it, so fills of the
      changed order may be heard before the news of the change;
    fills_lag: a total that is ahead of the fills heard, or an order's end, waits this long for the missing fills before
      it is a gap; 0: they come in one message, so there is nothing to wait for;
    freshness: "no such order" for a cancel means too early while its order was sent less than this long ago;
    reads_history: dispatch reads the venue's fills by itself: after a connection was lost, after a gap, and every
      `audit_period`; what is open here is compared with the venue's list then as well;
    absence_needs_history: "no such order" settles nothing before the venue's history shows nothing of the order either;
    absence_needs_list: nor before its list of open orders leaves it out;
    triggers_apart: orders that wait for a trigger have a history of their own;
    unnamed_events: messages about an order may leave its client id out, so an order that has no venue id here yet may
      be meant;
    stops_go_on: a stop whose trigger fired goes on as another order, with another venue order id;
    check_unfilled_cancels: read the fills once more after an order ended with nothing filled;
    process_within: a placement or change that the venue gets later than this is to be refused by it; None: it cannot
      be told so;
    late_refusals: words in a refusal which say that a deadline had passed, by the venue's clock;
    tells_time: the venue's answers show its time, and `AskTime` can be asked; dates_acceptance: they do not, but the
      news that an order was accepted tells when;
    batch: how the venue takes several requests in one, None: not at all;
    cancels_by_symbol: all orders of one instrument can be canceled at once;
    cancel_all_after: the venue can cancel everything when it does not hear from us (`SetCancelAllAfter`);
    pauses: by words in the reason for which a connection ended, or was not made: leave the venue alone this long;
    maintenance_pause: and this long after it went into maintenance;
    ping_period: send a WebSocket ping this often, None: the configured period decides;
    needs_token: False: the venue has no login call and no token;
    fresh_token: every connection needs a token of its own, fetched just before;
    nonce_unit: signed calls are numbered by the wall clock in this unit;
    budgets: what signed calls may cost, by the name of the pool that they draw on;
    order_options: the classes of terms that the venue alone has (`NewOrder.options`);
    marks_by_tag: its wire shows client ids as numbers only, and the user has left the tag of orders to us.
    """

    venue: str
    request_timeout: int = 10 * SECOND
    query_delays: Sequence[int] = (1 * SECOND, 2 * SECOND, 5 * SECOND, 15 * SECOND, 60 * SECOND)
    absence_proves_after: int = 60 * SECOND
    ended_proves_after: int | None = None
    lists_lag: int = 0
    early_cancel_delays: Sequence[int] = (SECOND // 10, SECOND // 5, 2 * SECOND // 5)
    throttled_cancel_delays: Sequence[int] = ()
    expiry_is_cancel: frozenset[TimeInForce] = frozenset({TimeInForce.IOC, TimeInForce.FOK})
    cancel_by_wire_id: bool = True
    http_requests: frozenset[type] = frozenset()
    market_needs_price: bool = False
    history_span: int | None = None
    history_by_placement: bool = False
    chain_history: bool = False
    lists_order_fills: bool = False
    status_shows_terms: bool = True
    fatal_close_codes: frozenset[int] = frozenset({1008})
    patient_close_codes: frozenset[int] = frozenset()
    silence: Silence = Silence.ASKED
    changes_in_place: bool = False
    fills_lag: int = 0
    freshness: int = 0
    reads_history: bool = False
    audit_period: int = 60 * SECOND
    absence_needs_history: bool = False
    absence_needs_list: bool = False
    triggers_apart: bool = False
    unnamed_events: bool = False
    stops_go_on: bool = False
    check_unfilled_cancels: bool = False
    process_within: int | None = None
    late_refusals: frozenset[str] = frozenset()
    tells_time: bool = False
    dates_acceptance: bool = False
    batch: BatchRules | None = None
    cancels_by_symbol: bool = True
    cancel_all_after: bool = False
    pauses: Mapping[str, int] = field(factory=dict)
    maintenance_pause: int = 0
    ping_period: int | None = None
    needs_token: bool = True
    fresh_token: bool = False
    nonce_unit: int = 1_000_000
    budgets: Mapping[str, BudgetTerms] = field(factory=dict)
    order_options: tuple[type[VenueOptions], ...] = ()
    marks_by_tag: bool = False

    @property
    def begin_within(self) -> int:
        """ns within which a request must have begun to be written, or it is taken back: nine tenths of the time for its
        answer. The rest is for the news of that, so that what was certainly not sent is never called unknown; and an
        order that waited so long is not the one that was wanted."""
        return self.request_timeout * 9 // 10

    def answer_within(self, request: Request) -> int:
        """ns from its release after which a request is given up. A question of our own that goes over HTTP waits for
        its turn before the time for its answer begins."""
        waits = type(request) in self.http_requests and may_wait(request)
        return self.request_timeout + OWN_PATIENCE * waits


@frozen(kw_only=True)
class Opening:
    """What a connection begins with. instruments: by symbol, a view that grows as they become known; token: the session
    token, "" where there is none; again: it is not the client's first connection."""

    instruments: Mapping[str, Instrument] = field(repr=False)
    token: str = field(default="", repr=False)
    again: bool = False


class Wire(Protocol):
    """The reading side of one connection, with whatever that wire must remember. `Venue.open_wire` makes one for
    each connection."""

    def decode(self, message: str | bytes) -> Sequence[Fact]:
        """What one complete message says. Never raises: what cannot be read comes back as `Unreadable`."""

    def take_token(self, token: str) -> Sequence[Fact]:
        """Goes on with another token, after `TokenRefused`: what to say on the connection."""


class Throttle(Protocol):
    """How much a venue takes of one account, as arithmetic on time. Owned by dispatch."""

    def take(self, request: Request, symbol: str, ages: Sequence[int], now: int) -> int:
        """Counts a request; 0. Or ns to wait until it may be sent, and nothing is counted. ages: of the orders that it
        is about, ns; now: ns, monotonic."""

    def count(self, request: Request, symbols: Iterable[str], now: int) -> None:
        """Counts a request that is never held back. symbols: of the orders that it is about."""

    def exceeded(self, reason: str, symbol: str, now: int) -> None:
        """The venue refused a request as one too many: its own count is higher than ours. reason: its words; symbol: of
        the order that the request was about, "" if it was about no one order."""

    def allow(self, most: int) -> None:
        """The venue named its limit itself, in its own unit; that decides."""


class _NoThrottle:
    def take(self, request: Request, symbol: str, ages: Sequence[int], now: int) -> int:
        return 0

    def count(self, request: Request, symbols: Iterable[str], now: int) -> None:
        pass

    def exceeded(self, reason: str, symbol: str, now: int) -> None:
        pass

    def allow(self, most: int) -> None:
        pass


class VenueDefaults:
    """What a venue without the peculiarities of others says to them."""

    __slots__ = ()

    def check_moment(self, order: NewOrder, now: int) -> None:
        """Every moment is good."""

    def check_mode(self, request: Request, mode: SystemMode | None) -> None:
        """The venue has no modes."""

    def is_named(self, order: NewOrder) -> bool:
        """Every order is."""
        return True

    def open_throttle(self) -> Throttle:
        """None."""
        return _NoThrottle()

    def is_number_refused(self, answer: HttpAnswer) -> bool:
        """Calls carry no numbers."""
        return False

    def is_over_budget(self, answer: HttpAnswer) -> bool:
        """Calls cost nothing."""
        return False

    def encode_over_http(self, request: Request) -> HttpCall | None:
        """What goes over the socket goes no other way."""
        return None

    def why_refused(self, reason: str) -> RejectReason:
        """Its texts are not known here."""
        return RejectReason.OTHER

    def login_problem(self, login: LoggedIn) -> str | None:
        """No option is asked for that a login could leave unconfirmed."""
        return None

    def external_client_order_id(self, wire_id: WireId) -> ClientOrderId:
        """Other sessions' ids cross the wire as they are, or cut by that session; they are used as they come."""
        return ClientOrderId(str(wire_id))


class Venue(Protocol):
    """What a venue module provides. Nothing here waits, logs or reads a clock."""

    @property
    def rules(self) -> VenueRules: ...

    # Connecting

    @property
    def rest_url(self) -> str:
        """Root of the venue's REST interface, without a path."""

    def login_call(self) -> HttpCall | None:
        """The call that fetches a token; None when the configuration gives a token itself."""

    def read_token(self, answer: HttpAnswer) -> str:
        """The token in the answer to `login_call`. Raises AuthenticationError when the venue refused the
        credentials, WireError when the answer makes no sense or the venue is not able to answer."""

    @property
    def token_lifetime(self) -> int | None:
        """ns that a token from `login_call` is good for, None if it does not expire."""

    def upgrade(self, token: str) -> Upgrade: ...

    def login_problem(self, login: LoggedIn) -> str | None:
        """A sentence when the login answer does not confirm an option that we asked for; else None."""

    @property
    def heartbeat(self) -> tuple[str, int] | None:
        """The text that keeps the session alive by the venue's own rule and its period in ns; None if none is due."""

    def instruments_call(self) -> HttpCall: ...

    def read_instruments(self, answer: HttpAnswer) -> tuple[Instrument, ...]:
        """Raises WireError when the answer makes no sense."""

    # Wire

    def open_wire(self, opening: Opening) -> Wire:
        """The reading side of a new connection."""

    def encode(self, request: Request, token: str | None = None) -> str | HttpCall:
        """The frame, or the HTTP call where the venue takes this request only that way."""

    def encode_over_http(self, request: Request) -> HttpCall | None:
        """The HTTP call for an urgent request that the socket does not take for too long; None where the venue takes it
        over the socket alone."""

    def read_answer(self, request: Request, answer: HttpAnswer) -> Sequence[Fact]:
        """What the answer to an HTTP call of `encode` or `encode_over_http` says. Never raises."""

    def is_number_refused(self, answer: HttpAnswer) -> bool:
        """True when the venue refused a signed call for its number alone (another call overtook it), and so certainly
        did not execute it."""

    def is_over_budget(self, answer: HttpAnswer) -> bool:
        """True when the venue refused a call because its budget is used up."""

    def why_refused(self, reason: str) -> RejectReason:
        """What the text means with which a list, a status answer or a history shows an order as rejected. A refusal
        that is a fact of its own carries that itself."""

    # Orders

    def check_order(self, order: NewOrder, instruments: Mapping[str, Instrument]) -> Instrument:
        """The checks that come before a request number is taken. Raises NotSent with the reason."""

    def check_terms(self, order: NewOrder, instrument: Instrument) -> None:
        """The checks that come after it. Raises NotSent with the reason."""

    def check_moment(self, order: NewOrder, now: int) -> None:
        """The checks of an order's times. now: ns since 1970. Raises NotSent with the reason."""

    def check_mode(self, request: Request, mode: SystemMode | None) -> None:
        """Raises NotSent when the venue takes no such request in this mode. mode None: not told."""

    def open_throttle(self) -> Throttle:
        """For one account."""

    def check_change(self, change: Replace, instrument: Instrument) -> None:
        """The checks of a replacement's new terms. Raises NotSent with the reason."""

    def wire_id(self, client_order_id: ClientOrderId) -> WireId: ...

    def is_named(self, order: NewOrder) -> bool:
        """False for an order that cannot carry its wire id, so that the venue's order id alone will find it."""

    def external_client_order_id(self, wire_id: WireId) -> ClientOrderId:
        """What to call an order of another session that carries `wire_id`."""
