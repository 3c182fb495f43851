"""Several orders in one request: all legs pass the checks, or nothing is sent. Each leg then lives its own life."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from attrs import frozen

from .. import commands, requests
from ..errors import DuplicateOrder, NotSent
from ..flights import Flight
from ..inputs import Admission, Asked
from ..orders import OrderIdentity, OrderState
from ..requests import Leg
from ..values import OrderType, RequestId
from ..venue import BatchRules
from .asking import Asking
from .desk import Desk
from .losing import Losing

__all__ = ["Batches"]


@frozen
class _Prepared:
    """A leg that passed its checks. identity: of its order; is_new: it is to be placed."""

    asked: Asked
    request: Leg
    identity: OrderIdentity
    is_new: bool = False


class Batches:
    """Stateless: a batch is on its way like any other request, and so is each of its legs."""

    def __init__(self, desk: Desk, asking: Asking, losing: Losing) -> None:
        self._desk = desk
        self._asking = asking
        self._losing = losing
        self._prepare: dict[type, Callable[[Any], _Prepared]] = {
            commands.Place: self._prepare_place,
            commands.Replace: self._prepare_replace,
            commands.Cancel: self._prepare_cancel,
        }

    def asked(self, asked: Asked) -> None:
        rules = self._desk.rules.batch
        if rules is None:
            raise NotSent(f"{self._desk.rules.venue} takes no batches. Send the orders one by one.")
        self._desk.require_free_number(asked.request_id)
        legs = [self._prepare[type(leg.command)](leg) for leg in asked.legs]
        self._require_once(legs)
        groups = _groups([leg.request for leg in legs], rules)
        identities = {leg.request.request_id: leg.identity for leg in legs}
        for group in groups:
            self._require_room(group, [identities[leg.request_id] for leg in group])
        answers = [self._expect(leg) for leg in legs]
        admission = asked.admission
        for group in groups:
            self._release(group, asked.request_id if admission is not None else None, admission)
            admission = None  # one credit for all of them
        self._desk.reply(asked.reply_to, tuple(answers))

    def _require_once(self, legs: Iterable[_Prepared]) -> None:
        names: set[object] = set()
        for leg in legs:
            client_order_id = leg.identity.client_order_id
            wire_id = leg.identity.wire_id if leg.is_new else None
            for name in {("client order id", client_order_id), ("wire id", wire_id or client_order_id)}:
                if name in names:
                    raise DuplicateOrder(
                        f"Nothing of the batch was sent: two of its parts are about order {client_order_id}, or "
                        "would carry its id on the wire."
                    )
                names.add(name)

    def _prepare_place(self, leg: Asked) -> _Prepared:
        place, identity = self._asking.prepare_place(leg)
        return _Prepared(leg, place, identity, is_new=True)

    def _prepare_replace(self, leg: Asked) -> _Prepared:
        request, order = self._asking.prepare_replace(leg)
        return _Prepared(leg, request, order.identity)

    def _prepare_cancel(self, leg: Asked) -> _Prepared:
        order = self._asking.prepare_cancel(leg)
        return _Prepared(leg, self._losing.cancel_request(order, leg.request_id), order.identity)

    def _require_room(self, group: Sequence[Leg], identities: Sequence[OrderIdentity]) -> None:
        """Raises NotSent when the venue takes no more of these now."""
        request: requests.Request = group[0]
        if len(group) > 1:
            request = requests.BatchOrders(request_id=request.request_id, legs=tuple(group))
        known = () if isinstance(group[0], requests.PlaceOrder) else [identity.local_time for identity in identities]
        self._desk.require_room(request, identities[0].instrument.symbol, *known)

    def _expect(self, leg: _Prepared) -> OrderState | RequestId:
        """Registers what is to be registered of a leg. Gives what it alone would have been answered with."""
        flights, client_order_id = self._desk.flights, leg.identity.client_order_id
        answer: OrderState | RequestId = leg.request.request_id
        if isinstance(leg.request, requests.PlaceOrder):
            answer = self._asking.register(leg.asked, leg.request, leg.identity).view()
        elif isinstance(leg.request, requests.ReplaceOrder):
            flights.change_of[client_order_id] = leg.request.request_id
        else:
            self._losing.withdraw(client_order_id)
            self._losing.forget_older_cancel(client_order_id)
            flights.cancel_of[client_order_id] = leg.request.request_id
        self._desk.expect(leg.request, client_order_id=client_order_id)
        return answer

    def _release(self, group: Sequence[Leg], request_id: RequestId | None, admission: Admission | None) -> None:
        if self._desk.must_wait(*group):
            by_id = self._desk.flights.by_id

            def release(flights: list[Flight], admission: Admission | None) -> None:
                self._release([cast("Leg", flight.request) for flight in flights], request_id, admission)

            self._desk.hold([by_id[leg.request_id] for leg in group], admission, release)
            return
        if len(group) == 1:
            flight = self._desk.flights.by_id[group[0].request_id]
            self._desk.release(flight, admission)
            return
        request = requests.BatchOrders(
            request_id=self._desk.flights.next_internal_id() if request_id is None else request_id,
            legs=tuple(group),
            process_before=self._desk.process_all_before(group),
        )
        self._desk.send(request, admission=admission)


def _groups(legs: Sequence[Leg], rules: BatchRules) -> list[list[Leg]]:
    """The legs as the venue takes them, in order within each group."""
    groups: list[list[Leg]] = []
    filling: dict[object, list[Leg]] = {}
    for leg in legs:
        if type(leg) not in rules.kinds or (not rules.market and _is_market(leg)):
            groups.append([leg])
            continue
        key = (type(leg), getattr(leg, "symbol", "")) if rules.one_symbol else isinstance(leg, requests.CancelOrder)
        group = filling.get(key)
        if group is None or len(group) == (rules.most if isinstance(leg, requests.CancelOrder) else rules.most_orders):
            group = filling[key] = []
            groups.append(group)
        group.append(leg)
    return [piece for group in groups for piece in ([group] if len(group) >= rules.least else [[leg] for leg in group])]


def _is_market(leg: Leg) -> bool:
    return isinstance(leg, requests.PlaceOrder) and leg.type is OrderType.MARKET
