"""The Toy Exchange behind the seam of `protocol.venue`: its settings, its rules, and its handshake."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from attrs import field, frozen

from protocol.commands import Replace
from protocol.errors import AuthenticationError, NotSent, WireError
from protocol.facts import Fact
from protocol.orders import NewOrder
from protocol.requests import Request
from protocol.settings import check_positive, check_url, without_slash
from protocol.values import ClientOrderId, Instrument, InstrumentId, Instruments, WireId
from protocol.venue import HttpAnswer, HttpCall, Opening, Silence, Upgrade, VenueDefaults, VenueRules
from protocol.wire.times import SECOND
from protocol.wire.tolerant import read_json

from . import checks, codec, order_entry, wire

__all__ = ["ToySettings", "ToyVenue"]


@frozen(kw_only=True)
class ToySettings:
    """Where the venue is, and who we are there. request_timeout: seconds. The secret never shows in repr."""

    websocket_url: str = field(validator=check_url("ws", "wss"))
    rest_url: str = field(converter=without_slash)
    key: str = field(repr=False)
    secret: str = field(repr=False)
    request_timeout: float = field(default=5.0, validator=check_positive)


class ToyWire:
    """The reading side of a connection. This venue's messages need no memory of earlier ones."""

    decode = staticmethod(codec.decode)

    def take_token(self, token: str) -> Sequence[Fact]:
        return ()  # only the upgrade carries a token


@frozen
class ToyVenue(VenueDefaults):
    settings: ToySettings
    rules: VenueRules = field(init=False)

    @rules.default
    def _make_rules(self) -> VenueRules:
        return VenueRules(
            venue=checks.VENUE,
            request_timeout=int(self.settings.request_timeout * SECOND),
            silence=Silence.DEAD,  # it sends a heartbeat every five seconds
            reads_history=True,
            fills_lag=SECOND,  # after a login the list of orders comes before the history of fills
            absence_needs_history=True,
        )

    # Connecting

    @property
    def rest_url(self) -> str:
        return self.settings.rest_url

    def login_call(self) -> HttpCall:
        body = msgspec.json.encode({"key": self.settings.key, "secret": self.settings.secret})
        return HttpCall(method="POST", path="/token", body=body, authorized=False, urgent=True)

    def read_token(self, answer: HttpAnswer) -> str:
        if answer.status == 401 and not answer.is_page:
            raise AuthenticationError("The Toy Exchange refused the key and its secret.")
        try:
            return read_json(answer.body, wire.Token)[0].token
        except ValueError:
            raise WireError(f"The Toy Exchange did not log us in (HTTP status {answer.status}).") from None

    @property
    def token_lifetime(self) -> int | None:
        return None

    def upgrade(self, token: str) -> Upgrade:
        return Upgrade(url=self.settings.websocket_url, headers=(("Toy-Token", token),))

    @property
    def heartbeat(self) -> tuple[str, int] | None:
        return None

    def instruments_call(self) -> HttpCall:
        return HttpCall(method="GET", path="/instruments", authorized=False)

    def read_instruments(self, answer: HttpAnswer) -> tuple[Instrument, ...]:
        try:
            rows, _ = read_json(answer.body, wire.Instruments)
        except ValueError:
            raise WireError(f"The Toy Exchange did not list its instruments (HTTP status {answer.status}).") from None
        return tuple(_instrument(row) for row in rows.instruments)

    # Wire

    def open_wire(self, opening: Opening) -> ToyWire:
        return ToyWire()

    def encode(self, request: Request, token: str | None = None) -> str:
        return order_entry.encode(request)

    def read_answer(self, request: Request, answer: HttpAnswer) -> Sequence[Fact]:
        return ()  # no request goes over HTTP

    # Orders

    def check_order(self, order: NewOrder, instruments: Instruments) -> Instrument:
        return checks.check_order(order, instruments)

    def check_terms(self, order: NewOrder, instrument: Instrument) -> None:
        checks.check_terms(order, instrument)

    def check_change(self, change: Replace, instrument: Instrument) -> None:
        raise NotSent("The Toy Exchange replaces no orders; cancel it and place another.")

    def wire_id(self, client_order_id: ClientOrderId) -> WireId:
        return client_order_id


def _instrument(row: wire.InstrumentRow) -> Instrument:
    return Instrument(
        id=InstrumentId(row.symbol, checks.VENUE),
        price_increment=row.tick,
        quantity_increment=row.lot,
        minimum_quantity=row.lot,
        quote_currency=row.currency,
    )
