"""What `str()` gives of an event, a report or an order: one readable line, as a trader reads it in a log.

    #12 Filled BUY 5 XAU-PERP.AX at 2411.5, 15 of 40 done, 25 left, fee 0.12 USD (maker) [a-1 / O-123]

The place in the stream, the name of the class, what happened, the reason in the words of whoever gave it; in brackets
the client order id and the venue order id, or venue, account and connection. The words may change from version to
version: read fields, or `to_json`, and not this text. `repr()` gives every field.

One small function a class, found by type (`parts_of`). Nothing here runs before `str()` is called.
"""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch

from attrs import frozen

from . import events
from .orders import NewOrder, OrderIdentity, OrderState
from .printable import on_one_line, shortened
from .reconciliation import Reconciliation
from .values import ClientOrderId, LiquiditySide, Money, OrderStatus, OrderType, Side, TimeInForce, VenueOrderId
from .wire.numbers import is_plausible, plain
from .wire.times import LATEST, SECOND, second_as_text

__all__ = ["LONGEST", "LONGEST_ID", "one_line", "parts_of"]

LONGEST = 200
"""Characters in front of the brackets; a reason that makes it more is cut."""
LONGEST_ID = 100
"""Characters of one id in the brackets. Venues take no longer ones, so an id is whole and can be searched for."""
LONGEST_NUMBER = 40
MILLISECOND = 1_000_000
NAMED = 3
"""How many orders of a `CloseReport` are named."""


@frozen
class Parts:
    """what: what happened; about: for the brackets; reason: in somebody's words, "" for none."""

    what: str
    about: tuple[str, ...] = ()
    reason: str = ""


def one_line(value: object, title: str = "") -> str:
    """`value` as one line. title: stands in front, in place of the name of its class."""
    parts = parts_of(value)
    number = f"#{value.sequence} " if isinstance(value, events.Event) and value.sequence else ""
    text = f"{number}{title or type(value).__name__} {parts.what}".rstrip()
    if parts.reason.strip():
        text = f"{text}: {parts.reason}"
    text = shortened(on_one_line(text), LONGEST)
    about = [shortened(on_one_line(each), LONGEST_ID) for each in parts.about if each]
    return f"{text} [{' / '.join(about)}]" if about else text


@singledispatch
def parts_of(value: object) -> Parts:
    """The parts of a value's line. Of what has no line of its own: the name of its class alone."""
    return Parts("")


# Orders


@parts_of.register
def _new_order(order: NewOrder) -> Parts:
    what = _listed(
        f"{_side(order.side)}{_number(order.quantity)} {order.instrument}"
        f"{_terms(order.type, order.price, order.trigger_price)}",
        _offset("trailing by", order.trailing_offset, order.trailing_unit.value),
        _offset("limit offset", order.limit_offset, order.limit_offset_unit.value),
        "quantity in quote currency" if order.quote_quantity else "",
        _resting(order.time_in_force),
        "post-only" if order.post_only else "",
        "reduce-only" if order.reduce_only else "",
        "" if order.display_quantity is None else f"{_number(order.display_quantity)} shown",
        "on margin" if order.margin else "",
    )
    return Parts(what, (order.client_order_id or "",))


@parts_of.register
def _identity(identity: OrderIdentity) -> Parts:
    kind = "" if identity.type is None else identity.type.value
    return Parts(_listed(_whose(identity), kind, f"strategy {identity.strategy}"), (identity.client_order_id,))


@parts_of.register
def _state(state: OrderState) -> Parts:
    identity, left = state.identity, _leaves(state)
    what = _listed(
        f"{_side(identity.side)}{_quantity(state.quantity)}{identity.instrument}"
        f"{_terms(identity.type, state.price, state.trigger_price)}",
        state.status.value,
        _progress(state.cumulative, state.quantity),
        "" if left is None or state.status.is_terminal else f"{_number(left)} left",
    )
    return Parts(what, _names(state.client_order_id, state.venue_order_id), state.reason)


@parts_of.register
def _reconciliation(view: Reconciliation) -> Parts:
    what = _listed(
        f"of connection {view.connection} is {'complete' if view.is_complete else 'going on'}",
        f"{view.open_questions} orders in question" if view.open_questions else "",
        "" if view.fills_complete_until is None else f"fills complete until {_moment(view.fills_complete_until)}",
    )
    return Parts(what, reason=view.failing)


# Events of orders


@parts_of.register
def _submitted(event: events.Submitted) -> Parts:
    if event.quote_quantity is not None:
        quantity = f"for {_number(event.quote_quantity)} {event.identity.currency} of "
    else:
        quantity = _quantity(event.quantity)
    what = _listed(
        f"{_side(event.identity.side)}{quantity}{event.instrument}"
        f"{_terms(event.identity.type, event.price, event.trigger_price)}",
        _resting(event.time_in_force),
        "post-only" if event.post_only else "",
    )
    return Parts(what, _ids(event))


@parts_of.register(events.Accepted | events.Triggered)
def _named(event: events.OrderEvent) -> Parts:
    return Parts(_whose(event.identity), _ids(event))


@parts_of.register
def _denied(event: events.Denied) -> Parts:
    return Parts(_whose(event.identity), _ids(event), event.reason)


@parts_of.register
def _rejected(event: events.Rejected) -> Parts:
    what = _listed(_whose(event.identity), "post-only" if event.due_post_only else "")
    return Parts(what, _ids(event), event.reason)


@parts_of.register
def _updated(event: events.Updated) -> Parts:
    quantity = "quantity not known" if event.quantity is None else _number(event.quantity)
    before = event.previous_venue_order_id
    what = _listed(
        f"{_whose(event.identity)} to {quantity}{_terms(None, event.price, event.trigger_price)}",
        f"venue order id was {before}" if before else "",
    )
    return Parts(what, _ids(event))


@parts_of.register(events.ReplaceRejected | events.CancelRejected)
def _request_rejected(event: events.ReplaceRejected | events.CancelRejected) -> Parts:
    request = "" if event.request_id is None else f"request {event.request_id}"
    return Parts(_listed(_whose(event.identity), request), _ids(event), event.reason)


@parts_of.register
def _filled(event: events.Filled) -> Parts:
    total = _sum(event.cumulative, event.leaves) if event.leaves else None
    if event.status is OrderStatus.FILLED:
        standing = "complete"
    elif event.status.is_terminal:
        standing = f"already {event.status.value}"
    else:
        standing = f"{_number(event.leaves)} left" if event.leaves else "quantity not known"
    what = _listed(
        f"{_side(event.side or event.identity.side)}{_number(event.last_quantity)} {event.instrument}"
        f" at {_number(event.last_price)}",
        _progress(event.cumulative, total) or "0 done",
        standing,
        f"{_number(event.overfill)} more than ordered" if event.overfill else "",
        _fee(event.commission, event.liquidity),
    )
    return Parts(what, _ids(event))


@parts_of.register
def _fee_reported(event: events.FeeReported) -> Parts:
    what = _listed(_whose(event.identity), f"{_charge(event.commission)} for trade {event.trade_id}")
    return Parts(what, _ids(event))


@parts_of.register
def _canceled(event: events.Canceled) -> Parts:
    crossed = "it would have crossed the book" if event.due_post_only else ""
    what = _listed(_whose(event.identity), f"{_number(event.cumulative)} done", crossed)
    return Parts(what, _ids(event), event.reason)


@parts_of.register
def _expired(event: events.Expired) -> Parts:
    what = _listed(_whose(event.identity), f"{_number(event.cumulative)} done")
    return Parts(what, _ids(event), event.reason)


@parts_of.register
def _completed(event: events.Completed) -> Parts:
    concluded = "concluded from its quantity" if event.concluded else ""
    what = _listed(_whose(event.identity), f"{_number(event.cumulative)} done", concluded)
    return Parts(what, _ids(event))


@parts_of.register
def _status_unknown(event: events.StatusUnknown) -> Parts:
    return Parts(f"{_whose(event.identity)} since {_moment(event.since)}", _ids(event), event.reason)


@parts_of.register
def _reopened(event: events.Reopened) -> Parts:
    what = _listed(
        f"{_whose(event.identity)} was {event.was.value}",
        f"the venue shows {event.status.value}",
        "quantity not known" if event.leaves is None else f"{_number(event.leaves)} left",
    )
    return Parts(what, _ids(event), event.reason)


# Reports


@parts_of.register
def _order_report(report: events.OrderStatusReport) -> Parts:
    what = _listed(
        f"{_side(report.side)}{_quantity(report.quantity)}{report.instrument}"
        f"{_terms(report.type, report.price, report.trigger_price)}",
        "status not known" if report.status is None else report.status.value,
        "" if report.cumulative is None else _progress(report.cumulative, report.quantity),
        "post-only" if report.post_only else "",
        "reduce-only" if report.reduce_only else "",
    )
    return Parts(what, _names(report.client_order_id, report.venue_order_id), report.reason)


@parts_of.register
def _fill_report(report: events.FillReport) -> Parts:
    what = _listed(
        f"{_side(report.side)}{_number(report.last_quantity)} {report.instrument} at {_number(report.last_price)}",
        _fee(report.commission, report.liquidity),
        _moment(report.venue_time) if report.venue_time else "",
    )
    return Parts(what, _names(report.client_order_id, report.venue_order_id))


# Events of connections


@parts_of.register(events.Connected | events.Reconnected)
def _connected(event: events.Connected | events.Reconnected) -> Parts:
    return Parts(f"to {_address(event.url)}", _link(event))


@parts_of.register
def _authenticated(event: events.Authenticated) -> Parts:
    return Parts(f"as {event.user}" if event.user else "", _link(event))


@parts_of.register
def _disconnected(event: events.Disconnected) -> Parts:
    return Parts("will reconnect" if event.will_retry else "will not reconnect", _link(event), event.reason)


@parts_of.register
def _reconciled(event: events.Reconciled) -> Parts:
    until = event.fills_complete_until
    what = _listed(
        f"{event.open_orders} open at the venue",
        f"{event.settled} changed meanwhile",
        f"{event.gaps} short of fills",
        f"{event.open_questions} in question" if event.open_questions else "",
        f"fills complete until {_moment(until)}" if until is not None else "",
        "the venue's history could not be read" if event.history_failed else "",
    )
    return Parts(what, _link(event))


@parts_of.register
def _missing_fills(event: events.MissingFills) -> Parts:
    if event.identity is None:
        begin = "an unknown time" if event.since is None else _moment(event.since)
        end = "now" if event.until is None else _moment(event.until)
        return Parts(f"from {begin} to {end}", _link(event))
    what = f"{_whose(event.identity)}, fills of {_number(event.known)} received, the venue counts"
    return Parts(f"{what} {_number(event.reported)}", _names(event.identity.client_order_id, event.venue_order_id))


@parts_of.register
def _messages_lost(event: events.MessagesLost) -> Parts:
    return Parts(f"before number {event.received}, number {event.expected} was expected", _link(event))


@parts_of.register
def _system_status(event: events.SystemStatus) -> Parts:
    return Parts("not known" if event.mode is None else event.mode.value, _link(event), event.reason)


@parts_of.register(events.AuthenticationFailed | events.SessionFailed)
def _failed(event: events.AuthenticationFailed | events.SessionFailed) -> Parts:
    return Parts("", _link(event), event.reason)


@parts_of.register
def _journal_slow(event: events.JournalSlow) -> Parts:
    return Parts(f"a commit took {event.duration // MILLISECOND} ms", (event.path,))


@parts_of.register
def _journal_failed(event: events.JournalFailed) -> Parts:
    return Parts("", (event.path,), event.reason)


@parts_of.register
def _close_report(event: events.CloseReport) -> Parts:
    confirmed = {None: "", True: "cancel of all orders confirmed", False: "cancel of all orders NOT confirmed"}
    what = _listed(
        f"{event.canceled_count} canceled",
        f"{event.still_open_count} still open{_some(event.still_open)}",
        f"{event.unknown_count} not known{_some(event.unknown)}",
        confirmed[event.cancel_confirmed],
    )
    return Parts(what, _link(event))


# Pieces of them


def _listed(*details: str) -> str:
    return ", ".join(filter(None, details))


def _ids(event: events.OrderEvent) -> tuple[str, ...]:
    return _names(event.identity.client_order_id, event.venue_order_id)


def _names(client_order_id: ClientOrderId | None, venue_order_id: VenueOrderId | None) -> tuple[str, ...]:
    return (client_order_id or "", venue_order_id or "")


def _link(event: events.ConnectionEvent) -> tuple[str, ...]:
    return (event.venue, event.account, f"connection {event.connection}")


def _some(names: tuple[ClientOrderId, ...]) -> str:
    if not names:
        return ""
    return f" ({', '.join(names[:NAMED])}{', …' if len(names) > NAMED else ''})"


def _whose(identity: OrderIdentity) -> str:
    return f"{_side(identity.side)}{identity.instrument}"


def _side(side: Side | None) -> str:
    return "" if side is None else f"{side.value if isinstance(side, Side) else side} "


def _quantity(quantity: Decimal | None) -> str:
    return "" if quantity is None else f"{_number(quantity)} "


def _terms(kind: OrderType | None, price: Decimal | None, trigger_price: Decimal | None) -> str:
    """The type where it is no plain limit or market order, and the prices."""
    special = kind not in (None, OrderType.LIMIT, OrderType.MARKET)
    text = f", {kind.value}" if kind is not None and special else ""
    if price is not None:
        text += f" at {_number(price)}"
    elif kind is OrderType.MARKET:
        text += " at market"
    return text if trigger_price is None else f"{text}, trigger {_number(trigger_price)}"


def _resting(time_in_force: TimeInForce) -> str:
    """GTC is what everybody expects."""
    return "" if time_in_force is TimeInForce.GTC else time_in_force.value


def _offset(title: str, offset: Decimal | None, unit: str) -> str:
    return "" if offset is None else f"{title} {_number(offset)} {unit}"


def _progress(cumulative: Decimal, quantity: Decimal | None) -> str:
    if not cumulative:
        return ""
    whole = "" if quantity is None else f" of {_number(quantity)}"
    return f"{_number(cumulative)}{whole} done"


def _leaves(state: OrderState) -> Decimal | None:
    try:
        return state.leaves
    except ArithmeticError:  # numbers that no order has
        return None


def _sum(left: Decimal, right: Decimal) -> Decimal | None:
    try:
        return left + right
    except ArithmeticError:
        return None


def _fee(commission: Money | None, liquidity: LiquiditySide) -> str:
    role = "" if liquidity is LiquiditySide.NONE else f" ({liquidity.value.lower()})"
    return ("fee not known yet" if commission is None else _charge(commission)) + role


def _charge(commission: Money) -> str:
    if commission.amount.is_signed() and commission.amount:
        return f"rebate {_number(commission.amount.copy_abs())} {commission.currency}"
    return f"fee {_number(commission.amount)} {commission.currency}"


def _number(number: Decimal) -> str:
    """Without exponent and needless zeros, as far as that is of a sensible length."""
    return shortened(plain(number) if is_plausible(number) else str(number), LONGEST_NUMBER)


def _moment(ns: int) -> str:
    """A time as people read it, in UTC to the millisecond; as ns since 1970 what no clock shows."""
    if not 0 < ns < LATEST * SECOND:
        return str(ns) if abs(ns) < LATEST * SECOND else f"{'-' if ns < 0 else ''}{LATEST * SECOND} ns or more"
    return f"{second_as_text(ns // SECOND)}.{ns % SECOND // 1_000_000:03}Z"


def _address(url: str) -> str:
    """An address without what may be secret in it: user and password, and what follows a question mark."""
    scheme, separator, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"
