"""AX as a venue: its settings, its handshake, and its rules for orders. The wire itself is in `codec`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode, urlsplit

from attrs import Attribute, field, frozen

from ..client_order_ids import is_name
from ..commands import Replace
from ..errors import AuthenticationError, NotSent, WireError
from ..facts import Fact, LoggedIn
from ..known_instruments import not_known
from ..orders import NewOrder
from ..reasons import RejectReason, Why
from ..requests import Request
from ..settings import check_positive, check_url, without_slash
from ..values import ClientOrderId, Instrument, InstrumentId, OrderType, TimeInForce, TriggerType, WireId
from ..venue import HttpAnswer, HttpCall, Opening, Silence, Upgrade, VenueDefaults, VenueRules
from ..wire.numbers import is_plausible, plain
from ..wire.times import SECOND
from ..wire.tolerant import exact_json
from . import codec
from .converter import LARGEST_U64, encode_message, read_body
from .enumerations import why_refused
from .history import LONGEST_RANGE
from .wire import AuthenticateRequest, AuthenticateResponse

__all__ = ["AxSettings", "AxVenue"]

VENUE: Final = "AX"
PRODUCTION: Final = "wss://gateway.architect.exchange/orders/ws"

ORDER_TYPES: Final = (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_LIMIT)
ACCEPTED_TIMES_IN_FORCE: Final = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.DAY)
SELF_TRADE_PREVENTION: Final = ("CancelIncoming", "CancelResting", "CancelBoth")
TAG: Final = re.compile(r"[A-Za-z0-9]{1,10}")
EXTERNAL: Final = "CID-"
POLICY: Final = frozenset({1008})
LISTS_LAG: Final = 5 * SECOND
"""How far lists and history over REST may follow behind the socket: "some seconds" (spec AX 5.4), which nobody has
measured."""

HTTP_SCHEMES: Final = {"wss": "https", "ws": "http"}


def _check_tag(_: object, attribute: Attribute[str], value: str) -> None:
    if not TAG.fullmatch(value):
        raise ValueError(f"{attribute.name} must be 1 to 10 letters and digits, not {value!r}.")


def _check_timeout(_: object, attribute: Attribute[int | None], value: int | None) -> None:
    if value is not None and not 1 <= value <= 300:
        raise ValueError(f"{attribute.name} must be 1 to 300 seconds, not {value}.")


def _check_self_trade(_: object, attribute: Attribute[str | None], value: str | None) -> None:
    if value is not None and value not in SELF_TRADE_PREVENTION:
        raise ValueError(f"{attribute.name} must be one of {', '.join(SELF_TRADE_PREVENTION)}, not {value!r}.")


@frozen(kw_only=True)
class AxSettings:
    """Where AX is, who we are there, and how carefully to trade. Secrets never show in repr.

    websocket_url: the orders socket, production by default; rest_url: root of the REST interface, by default the
    same host. Credentials: a token, or an API key with its secret, or a user name with its password (and totp, if
    two-factor login is on). token_seconds: lifetime to ask for. account: the venue's account id, None for the
    user's default account.
    order_tag: 1 to 10 letters and digits, on every order that has no tag of its own.
    cancel_on_disconnect: the venue cancels the orders of a connection when it ends.
    client_heartbeat_timeout: the venue ends a connection on which we were silent for this many seconds, 1 to 300.
    strict: refuse here what the venue would reject, ignore or misread. supports_stop_limit: send stop-limit orders
    although the venue is known to ignore the trigger. self_trade_prevention: CancelIncoming, CancelResting or
    CancelBoth. request_timeout: seconds. cancel_by_client_id: cancel an order whose venue id is not known yet by its
    client order id.
    """

    websocket_url: str = field(default=PRODUCTION, validator=check_url("ws", "wss"))
    rest_url: str = field(converter=without_slash)
    api_key: str | None = field(default=None, repr=False)
    api_secret: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    totp: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    token_seconds: int = field(default=3600, validator=check_positive)
    account: str | None = None
    order_tag: str = field(default="trioorders", validator=_check_tag)
    cancel_on_disconnect: bool = False
    client_heartbeat_timeout: int | None = field(default=None, validator=_check_timeout)
    supports_stop_limit: bool = False
    strict: bool = True
    self_trade_prevention: str | None = field(default=None, validator=_check_self_trade)
    user_agent: str = "trio-orders"
    request_timeout: float = field(default=10.0, validator=check_positive)
    cancel_by_client_id: bool = True

    @rest_url.default
    def _same_host(self) -> str:
        parts = urlsplit(self.websocket_url)
        return f"{HTTP_SCHEMES.get(parts.scheme, 'https')}://{parts.netloc}"

    def __attrs_post_init__(self) -> None:
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("api_key and api_secret must be given together.")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password must be given together.")


class AxWire:
    """The reading side of a connection. AX's messages need no memory of earlier ones."""

    decode = staticmethod(codec.decode)

    def take_token(self, token: str) -> tuple[Fact, ...]:
        return ()  # the upgrade carries it; a connection that stands needs no other


@frozen
class AxVenue(VenueDefaults):
    """AX behind the seam of `protocol.venue`."""

    settings: AxSettings
    rules: VenueRules = field(init=False)
    _origin: codec.Origin = field(init=False, repr=False)

    @rules.default
    def _make_rules(self) -> VenueRules:
        return VenueRules(
            venue=VENUE,
            request_timeout=int(self.settings.request_timeout * SECOND),
            http_requests=codec.HTTP_REQUESTS,
            market_needs_price=True,
            # Only this one option is a cause that is documented (spec AX 2.4).
            fatal_close_codes=frozenset() if self.settings.client_heartbeat_timeout is None else POLICY,
            patient_close_codes=POLICY,
            silence=Silence.ASKED,  # its heartbeats may vanish (spec AX 2.2)
            lists_lag=LISTS_LAG,
            reads_history=True,
            absence_needs_history=True,
            absence_needs_list=True,
            ended_proves_after=5 * SECOND,
            history_span=LONGEST_RANGE,
            history_by_placement=True,
            chain_history=True,
            lists_order_fills=True,
            status_shows_terms=False,
            cancel_by_wire_id=self.settings.cancel_by_client_id,
            throttled_cancel_delays=(SECOND, 2 * SECOND, 4 * SECOND),
            dates_acceptance=True,
        )

    @_origin.default
    def _make_origin(self) -> codec.Origin:
        settings = self.settings
        return codec.Origin(
            account=settings.account,
            tag=settings.order_tag,
            self_trade_prevention=settings.self_trade_prevention,
        )

    # Connecting (spec 1 and 2)

    @property
    def rest_url(self) -> str:
        return self.settings.rest_url

    def login_call(self) -> HttpCall | None:
        settings = self.settings
        if settings.token is not None:
            return None
        if settings.api_key is None and settings.username is None:
            raise AuthenticationError(
                "There are no credentials for AX: give a token, an API key or a user name.", venue=self.rules.venue
            )
        credentials = AuthenticateRequest(
            expiration_seconds=settings.token_seconds,
            api_key=settings.api_key,
            api_secret=settings.api_secret,
            username=settings.username if settings.api_key is None else None,
            password=settings.password if settings.api_key is None else None,
            totp=settings.totp if settings.api_key is None else None,
        )
        body = encode_message(credentials).encode()
        return HttpCall(method="POST", path="/api/authenticate", body=body, authorized=False, urgent=True)

    def read_token(self, answer: HttpAnswer) -> str:
        if answer.status in (401, 403) and not answer.is_page:
            raise AuthenticationError(self._login_refusal("AX refused the credentials", answer), venue=self.rules.venue)
        if answer.status != 200 or answer.is_page:
            raise WireError(self._login_refusal("AX was not able to log us in", answer))
        try:
            token = read_body(answer.body, AuthenticateResponse).token
        except ValueError:
            token = ""
        if not (token and token.isascii() and token.isprintable()):
            raise WireError("AX answered the login without a usable token.")  # and we do not show what it sent instead
        return token

    def _login_refusal(self, what: str, answer: HttpAnswer) -> str:
        """The venue's own words, in case it repeats what we sent, without any secret."""
        settings = self.settings
        text = codec.error_text(answer)
        for secret in (settings.api_key, settings.api_secret, settings.username, settings.password, settings.totp):
            if secret:
                text = text.replace(secret, "***")
        return f"{what} (HTTP status {answer.status})" + (f": {text}" if text else ".")

    @property
    def token_lifetime(self) -> int | None:
        return None if self.settings.token is not None else self.settings.token_seconds * SECOND

    def upgrade(self, token: str) -> Upgrade:
        settings = self.settings
        options = {
            "cancel_on_disconnect": "true" if settings.cancel_on_disconnect else None,
            "client_heartbeat_timeout": settings.client_heartbeat_timeout,
            "account_id": settings.account,
        }
        query = urlencode({key: value for key, value in options.items() if value is not None})
        url = settings.websocket_url
        if query:
            url += ("&" if "?" in url else "?") + query
        return Upgrade(url=url, headers=(("Authorization", f"Bearer {token}"), ("User-Agent", settings.user_agent)))

    def login_problem(self, login: LoggedIn) -> str | None:
        """The venue ignores options that it does not know, so a safety net that was asked for must be confirmed."""
        settings = self.settings
        if settings.cancel_on_disconnect and not login.cancel_on_disconnect:
            return "AX did not confirm cancel-on-disconnect: orders would stay open if the connection is lost."
        asked, got = settings.client_heartbeat_timeout, login.heartbeat_timeout
        if asked is not None and asked != got:
            stated = "none" if got is None else f"{got} s"
            return f"AX did not confirm the heartbeat timeout: {asked} s asked for, {stated} in force."
        return None

    @property
    def heartbeat(self) -> tuple[str, int] | None:
        seconds = self.settings.client_heartbeat_timeout
        return None if seconds is None else ('{"t":"h"}', seconds * SECOND // 3)

    def instruments_call(self) -> HttpCall:
        return HttpCall(method="GET", path="/api/instruments", authorized=False)

    def read_instruments(self, answer: HttpAnswer) -> tuple[Instrument, ...]:
        """A row that cannot be read is left out: orders in it are refused here as not cached."""
        if answer.status != 200 or answer.is_page:
            text = codec.error_text(answer)
            raise WireError(
                f"AX did not list its instruments (HTTP status {answer.status})" + (f": {text}" if text else ".")
            )
        rows = _instrument_rows(answer.body)
        instruments = tuple(instrument for row in rows if (instrument := _instrument(row)) is not None)
        if not instruments and rows and not any(_is_skipped(row) for row in rows):
            raise WireError(f"AX listed instruments, none of which can be read: {str(rows[0])[:200]}")
        return instruments

    # Wire

    def open_wire(self, opening: Opening) -> AxWire:
        return AxWire()

    def encode(self, request: Request, token: str | None = None) -> str | HttpCall:
        return codec.encode(request, self._origin)

    def encode_over_http(self, request: Request) -> HttpCall | None:
        return codec.encode_over_http(request, self._origin)

    def read_answer(self, request: Request, answer: HttpAnswer) -> tuple[Fact, ...]:
        return codec.read_answer(request, answer)

    def why_refused(self, reason: str) -> RejectReason:
        return why_refused(reason)

    # Orders (spec 8)

    def check_order(self, order: NewOrder, instruments: Mapping[str, Instrument]) -> Instrument:
        if order.type not in ORDER_TYPES:
            raise NotSent(
                f"AX has no orders of type {order.type.name}; it takes MARKET, LIMIT and STOP_LIMIT.",
                why=Why.UNSUPPORTED,
                field="type",
            )
        wanted = order.instrument
        instrument = instruments.get(wanted.symbol)
        if instrument is None or wanted.venue != VENUE:
            raise NotSent(not_known(wanted, VENUE), why=Why.UNKNOWN_INSTRUMENT, field="instrument")
        _check_whole(order.quantity)
        name = order.client_order_id
        if name is not None and not is_name(name):
            raise NotSent(
                f"a client order id must be 1 to 36 printable characters, not {name[:40]!r}.", field="client_order_id"
            )
        return instrument

    def check_terms(self, order: NewOrder, instrument: Instrument) -> None:
        _check_absent_terms(order)
        if order.type is not OrderType.MARKET:
            _check_limit_terms(order)
        if order.type is OrderType.STOP_LIMIT and not self.settings.supports_stop_limit:
            raise NotSent(
                "AX ignores the trigger price, so the order would trade at once as a plain limit order.",
                why=Why.UNSUPPORTED,
                field="type",
            )
        for what, price in (("price", order.price), ("trigger price", order.trigger_price)):
            _check_plausible(what, price)
        if self.settings.strict:
            _check_promises(order)
            _check_minimum(order.quantity, instrument)
            for what, price in (("price", order.price), ("trigger price", order.trigger_price)):
                _check_price(what, price, instrument)
            if order.tag is not None and not TAG.fullmatch(order.tag):
                raise NotSent(f"an order tag must be 1 to 10 letters and digits, not {order.tag[:60]!r}.", field="tag")

    def check_change(self, change: Replace, instrument: Instrument) -> None:
        terms = (change.quantity, change.price, change.time_in_force, change.post_only)
        if (change.trigger_price, change.trailing_offset, change.display_quantity) != (None, None, None):
            raise NotSent("AX changes price, quantity, time in force and post-only alone.", why=Why.UNSUPPORTED)
        if all(term is None for term in terms):
            raise NotSent("it changes nothing.")
        if change.quantity is not None:
            _check_whole(change.quantity)
        if change.time_in_force is not None:
            _check_time_in_force(change.time_in_force)
        _check_plausible("price", change.price)
        if self.settings.strict:
            if change.post_only and change.time_in_force is TimeInForce.IOC:
                raise NotSent(POST_ONLY_IOC, field="post_only")
            if change.quantity is not None:
                _check_minimum(change.quantity, instrument)
            _check_price("price", change.price, instrument)

    def wire_id(self, client_order_id: ClientOrderId) -> WireId:
        """The first eight bytes of the SHA-256 of the name: the same in every process, never 0."""
        return int.from_bytes(sha256(client_order_id.encode("utf-8", "surrogatepass")).digest()[:8], "big") or 1

    def external_client_order_id(self, wire_id: WireId) -> ClientOrderId:
        return ClientOrderId(f"{EXTERNAL}{wire_id}")


# Checks. Each raises NotSent with the reason; the command handler puts in front what was not sent.

POST_ONLY_IOC: Final = "post-only cannot be combined with IOC, since such an order could never trade."


def _check_whole(quantity: Decimal) -> None:
    if quantity != quantity.to_integral_value():
        raise NotSent(f"the quantity {quantity} is not a whole number of contracts.", field="quantity")
    if quantity < 1:
        raise NotSent(f"the quantity {quantity} is less than one contract.", field="quantity")
    if quantity > LARGEST_U64:
        raise NotSent(f"the quantity {quantity} is more than AX can count.", field="quantity")


def _check_limit_terms(order: NewOrder) -> None:
    what = "limit" if order.type is OrderType.LIMIT else "stop-limit"
    _check_time_in_force(order.time_in_force)
    if order.price is None:
        raise NotSent(f"a {what} order needs a price.", field="price")
    if order.type is OrderType.STOP_LIMIT and order.trigger_price is None:
        raise NotSent(f"a {what} order needs a trigger price.", field="trigger_price")


def _check_time_in_force(time_in_force: TimeInForce) -> None:
    if time_in_force not in ACCEPTED_TIMES_IN_FORCE:
        raise NotSent(
            f"AX has no time in force {time_in_force.name}; it takes GTC, IOC and DAY.",
            why=Why.UNSUPPORTED,
            field="time_in_force",
        )


ABSENT: Final = (
    ("trailing_offset", "a trailing offset"),
    ("limit_offset", "a limit offset"),
    ("expire_time", "an expiry time"),
    ("process_before", "a time to process it before"),
    ("display_quantity", "a display quantity"),
    ("quote_quantity", "an amount of quote currency"),
    ("margin", "a choice of margin"),
    ("options", "options of another venue"),
)
"""Fields of `NewOrder` that AX has no counterpart for."""


def _check_absent_terms(order: NewOrder) -> None:
    for name, what in ABSENT:
        if getattr(order, name):
            raise NotSent(f"AX has no orders with {what}.", why=Why.UNSUPPORTED, field=name)
    if order.trigger not in (TriggerType.DEFAULT, TriggerType.LAST):
        raise NotSent("on AX a trigger looks at the last price alone.", field="trigger")


def _check_promises(order: NewOrder) -> None:
    """Refuses what AX would silently leave out of the order, or reject."""
    if order.reduce_only:
        raise NotSent(
            "AX has no reduce-only orders; the position could grow or turn.", why=Why.UNSUPPORTED, field="reduce_only"
        )
    if not order.post_only:
        return
    if order.type is not OrderType.LIMIT:
        raise NotSent(f"only limit orders can be post-only; this is a {order.type.name} order.", field="post_only")
    if order.time_in_force is TimeInForce.IOC:
        raise NotSent(POST_ONLY_IOC, field="post_only")


def _check_minimum(quantity: Decimal, instrument: Instrument) -> None:
    if quantity < instrument.minimum_quantity:
        minimum = plain(instrument.minimum_quantity)
        raise NotSent(
            f"the quantity {quantity} is below the minimum of {minimum} contracts for {instrument.id}.",
            field="quantity",
        )


def _check_plausible(what: str, price: Decimal | None) -> None:
    if price is not None and not is_plausible(price):
        raise NotSent(f"the {what} {price} is not plausible.", field=what.replace(" ", "_"))


def _check_price(what: str, price: Decimal | None, instrument: Instrument) -> None:
    if price is None:
        return
    if price <= 0:
        raise NotSent(f"the {what} {price} must be greater than zero.", field=what.replace(" ", "_"))
    try:
        fits = instrument.price_fits(price)
    except InvalidOperation:  # more digits than decimal arithmetic keeps
        fits = False
    if not fits:
        tick = plain(instrument.price_increment)
        raise NotSent(
            f"the {what} {price} is not a multiple of the tick size {tick} of {instrument.id}.",
            field=what.replace(" ", "_"),
        )


# Instruments (spec 7.5)


def _instrument_rows(body: bytes) -> list[object]:
    try:
        tree = exact_json(body.decode())
    except (ValueError, ArithmeticError, RecursionError):
        tree = None
    rows = tree.get("instruments") if isinstance(tree, dict) else None
    if not isinstance(rows, list):
        raise WireError(f"AX sent a list of instruments that we cannot read: {body[:200].decode('utf-8', 'replace')}")
    return rows


def _is_skipped(row: object) -> bool:
    """Test symbols and what is no longer traded."""
    if not isinstance(row, dict):
        return False
    symbol, state = row.get("symbol"), row.get("state")
    return (isinstance(symbol, str) and symbol.startswith("TEST")) or state == "DELISTED"


def _instrument(row: object) -> Instrument | None:
    if not isinstance(row, dict) or _is_skipped(row):
        return None
    symbol, currency = row.get("symbol"), row.get("quote_currency")
    if not isinstance(symbol, str) or not symbol:
        return None
    try:
        return Instrument(
            id=InstrumentId(symbol, VENUE),
            price_increment=row.get("tick_size"),
            quantity_increment=Decimal(1),
            minimum_quantity=row.get("minimum_order_size"),
            multiplier=row.get("multiplier"),
            quote_currency=currency if isinstance(currency, str) else "USD",
        )
    except (TypeError, ValueError):
        return None
