"""AX behind the seam of `protocol.venue`: its rules, and which file of this package does what.

https://docs.architect.exchange
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from ..commands import Replace
from ..facts import Fact, LoggedIn
from ..orders import NewOrder
from ..reasons import RejectReason
from ..requests import CancelAllOrders, CancelOrder, Request
from ..values import ClientOrderId, Instrument, WireId
from ..venue import HttpAnswer, HttpCall, Opening, Silence, Upgrade, VenueDefaults, VenueRules
from ..wire.times import SECOND
from . import checks, handshake
from .codec import AxWire
from .enumerations import why_refused
from .instruments import VENUE, instruments_call, read_instruments
from .order_entry import Origin, encode
from .rest_answers import read_answer
from .rest_order_entry import LONGEST_RANGE, REST_ONLY, encode_rest
from .settings import DEFAULT_TAG, AxSettings

__all__ = ["AxSettings", "AxVenue"]

EXTERNAL: Final = "CID-"
POLICY: Final = frozenset({1008})
LISTS_LAG: Final = 5 * SECOND
"""How far lists and history over REST may follow behind the socket: "some seconds" (spec AX 5.4), not
measured."""


@frozen
class AxVenue(VenueDefaults):
    """AX behind the seam of `protocol.venue`."""

    settings: AxSettings
    rules: VenueRules = field(init=False)
    _origin: Origin = field(init=False, repr=False)

    @rules.default
    def _make_rules(self) -> VenueRules:
        return VenueRules(
            venue=VENUE,
            request_timeout=int(self.settings.request_timeout * SECOND),
            http_requests=REST_ONLY,
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
            marks_by_tag=self.settings.order_tag == DEFAULT_TAG,
        )

    @_origin.default
    def _make_origin(self) -> Origin:
        settings = self.settings
        return Origin(
            account=settings.account,
            tag=settings.order_tag,
            self_trade_prevention=settings.self_trade_prevention,
        )

    # Connecting (spec AX 1 and 2)

    @property
    def rest_url(self) -> str:
        return self.settings.rest_url

    def login_call(self) -> HttpCall | None:
        return handshake.login_call(self.settings)

    def read_token(self, answer: HttpAnswer) -> str:
        return handshake.read_token(self.settings, answer)

    @property
    def token_lifetime(self) -> int | None:
        return None if self.settings.token is not None else self.settings.token_seconds * SECOND

    def upgrade(self, token: str) -> Upgrade:
        return handshake.upgrade(self.settings, token)

    def login_problem(self, login: LoggedIn) -> str | None:
        return handshake.login_problem(self.settings, login)

    @property
    def heartbeat(self) -> tuple[str, int] | None:
        seconds = self.settings.client_heartbeat_timeout
        return None if seconds is None else ('{"t":"h"}', seconds * SECOND // 3)

    def instruments_call(self) -> HttpCall:
        return instruments_call()

    def read_instruments(self, answer: HttpAnswer) -> tuple[Instrument, ...]:
        return read_instruments(answer)

    # Wire

    def open_wire(self, opening: Opening) -> AxWire:
        return AxWire()

    def encode(self, request: Request, token: str | None = None) -> str | HttpCall:
        over_rest = type(request) in REST_ONLY
        return encode_rest(request, self._origin) if over_rest else encode(request, self._origin)

    def encode_over_http(self, request: Request) -> HttpCall | None:
        is_cancel = isinstance(request, CancelOrder | CancelAllOrders)
        return encode_rest(request, self._origin) if is_cancel else None

    def read_answer(self, request: Request, answer: HttpAnswer) -> tuple[Fact, ...]:
        return read_answer(request, answer)

    def why_refused(self, reason: str) -> RejectReason:
        return why_refused(reason)

    # Orders (spec AX 8)

    def check_order(self, order: NewOrder, instruments: Mapping[str, Instrument]) -> Instrument:
        return checks.check_order(order, instruments)

    def check_terms(self, order: NewOrder, instrument: Instrument) -> None:
        settings = self.settings
        checks.check_terms(order, instrument, strict=settings.strict, supports_stop_limit=settings.supports_stop_limit)

    def check_change(self, change: Replace, instrument: Instrument) -> None:
        checks.check_change(change, instrument, strict=self.settings.strict)

    def wire_id(self, client_order_id: ClientOrderId) -> WireId:
        return checks.wire_id(client_order_id)

    def external_client_order_id(self, wire_id: WireId) -> ClientOrderId:
        return ClientOrderId(f"{EXTERNAL}{wire_id}")
