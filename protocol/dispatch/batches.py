"""Several orders in one request: all legs pass the checks, or nothing is sent. Each leg then lives its own life.

A batch is on its way like any other request, and so is each of its legs, under a number of its own. The answer to the
batch is the answers to its legs (see `batch_answers`); a batch that is lost leaves its legs to their own deadlines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

from attrs import frozen

from .. import requests
from ..errors import DuplicateOrder, NotSent
from ..facts import BatchAnswered, RequestAnswered, RequestRefused
from ..orders import OrderIdentity, OrderState
from ..reasons import Why
from ..requests import BatchOrders, Leg
from ..values import ClientOrderId, RequestId
from ..venue import BatchRules
from .batch_answers import LegFact, settle_batch
from .context import Context
from .conversation import Conversation, RequestHandler
from .in_flight import Flight
from .inputs import Admission, Asked

__all__ = ["Batches", "PreparedLeg"]


@frozen
class PreparedLeg:
    """A leg that passed its checks. kind: of request; identity: of its order; register: keeps what is to be kept of it,
    and gives what it alone would have been answered with; is_new: it places an order; is_market: at any price;
    is_cancel: it cancels one."""

    kind: type
    request: Leg
    identity: OrderIdentity
    register: Callable[[], OrderState | RequestId]
    is_new: bool = False
    is_market: bool = False

    @property
    def is_cancel(self) -> bool:
        return self.kind is requests.CancelOrder

    @property
    def client_order_id(self) -> ClientOrderId:
        return self.identity.client_order_id


class Batches(RequestHandler[BatchOrders]):
    """Stateless: a batch and its legs are among the flights. prepare: what makes a leg of each kind of command."""

    def __init__(
        self, context: Context, conversation: Conversation, prepare: Mapping[type, Callable[[Asked], PreparedLeg]]
    ) -> None:
        self._context = context
        self._conversation = conversation
        self._prepare = prepare

    # The command

    def asked(self, asked: Asked) -> None:
        rules = self._context.rules.batch
        if rules is None:
            sentence = f"{self._context.rules.venue} takes no batches. Send the orders one by one."
            raise NotSent(sentence, why=Why.UNSUPPORTED)
        self._context.require_free_number(asked.request_id)
        # All or nothing: every leg passes its checks, and every group its limits, before the first one is registered.
        legs = [self._prepare[type(leg.command)](leg) for leg in asked.legs]
        _require_once(legs)
        groups = _groups(legs, rules)
        for group in groups:
            self._require_room(group)
        # Each leg is on its way like a request of its own, so its answer, loss and deadline need no other rules.
        answers, flights = [], {}
        for leg in legs:
            answers.append(leg.register())
            flights[leg.request.request_id] = self._context.expect(leg.request, client_order_id=leg.client_order_id)
        admission = asked.admission
        for group in groups:
            parts = [cast("Flight[Leg]", flights[leg.request.request_id]) for leg in group]
            self._release(parts, asked.request_id if admission is not None else None, admission)
            admission = None  # one credit for all of them
        self._context.reply(asked.reply_to, tuple(answers))

    def _require_room(self, group: Sequence[PreparedLeg]) -> None:
        """Raises NotSent when the venue takes no more of these now."""
        first = group[0]
        request: requests.Request = first.request
        if len(group) > 1:
            request = BatchOrders(request_id=request.request_id, legs=tuple(leg.request for leg in group))
        known = () if first.is_new else [leg.identity.local_time for leg in group]
        self._context.require_room(request, first.identity.instrument.symbol, *known)

    def _release(self, parts: Sequence[Flight[Leg]], request_id: RequestId | None, admission: Admission | None) -> None:
        """As one request, once its deadline can be computed."""
        context = self._context
        if context.must_wait(*(part.request for part in parts)):

            def release(flights: list[Flight], admission: Admission | None) -> None:
                self._release(cast("list[Flight[Leg]]", flights), request_id, admission)

            context.hold(list(parts), admission, release)
            return
        if len(parts) == 1:
            context.release(parts[0], admission)
            return
        legs = tuple(part.request for part in parts)
        request = BatchOrders(
            request_id=context.flights.next_internal_id() if request_id is None else request_id,
            legs=legs,
            process_before=context.process_all_before(legs),
        )
        context.send(request, admission=admission).parts = tuple(parts)

    # The venue's answer

    def told(self, answer: BatchAnswered) -> None:
        """What became of each leg."""
        flight = self._context.flights.find(BatchOrders, answer.request_id)
        if flight is None:
            self._context.warn(f"An answer to batch {answer.request_id} came too late or twice, and was ignored.")
            return
        self._context.flights.drop(answer.request_id)
        self._hand_on(settle_batch(flight.request, answer))

    def answered(self, flight: Flight[BatchOrders], fact: RequestAnswered) -> None:
        self._context.flights.drop(flight.request_id)

    def refused(self, flight: Flight[BatchOrders], fact: RequestRefused) -> None:
        """The refusal of the whole: of each part that has not been refused by itself."""
        self._context.flights.drop(flight.request_id)
        legs = [leg for leg in flight.request.legs if self._is_open(leg)]
        self._hand_on([_refused(leg, fact) for leg in legs])

    def _is_open(self, leg: Leg) -> bool:
        flight = self._context.flights.by_id.get(leg.request_id)
        return flight is not None and flight.is_awaited

    def _hand_on(self, facts: Iterable[LegFact]) -> None:
        for fact in facts:
            if isinstance(fact, RequestAnswered):
                self._conversation.answered(fact)
            else:
                self._conversation.refused(fact)

    # No answer

    def lost(self, flight: Flight[BatchOrders], why: str) -> None:
        self._context.flights.drop(flight.request_id)  # its legs are lost, too, each by itself

    def not_written(self, flight: Flight[BatchOrders], reason: str, why: Why) -> None:
        """That is reported of each leg."""


def _require_once(legs: Iterable[PreparedLeg]) -> None:
    """Raises DuplicateOrder when two legs are about one order."""
    names: set[object] = set()
    for leg in legs:
        client_order_id = leg.client_order_id
        wire_id = leg.identity.wire_id if leg.is_new else None
        for name in {("client order id", client_order_id), ("wire id", wire_id or client_order_id)}:
            if name in names:
                raise DuplicateOrder(
                    f"Nothing of the batch was sent: two of its parts are about order {client_order_id}, or "
                    "would carry its id on the wire.",
                    client_order_id=client_order_id,
                )
            names.add(name)


def _groups(legs: Sequence[PreparedLeg], rules: BatchRules) -> list[list[PreparedLeg]]:
    """The legs as the venue takes them, in order within each group."""
    groups: list[list[PreparedLeg]] = []
    filling: dict[object, list[PreparedLeg]] = {}
    for leg in legs:
        if leg.kind not in rules.kinds or (not rules.market and leg.is_market):
            groups.append([leg])
            continue
        # Cancels and the rest never share a request, because a venue counts them by different limits.
        key = (leg.kind, getattr(leg.request, "symbol", "")) if rules.one_symbol else leg.is_cancel
        group = filling.get(key)
        if group is None or len(group) == (rules.most if leg.is_cancel else rules.most_orders):
            group = filling[key] = []
            groups.append(group)
        group.append(leg)
    # A group that is too small for a batch goes as single requests.
    return [piece for group in groups for piece in ([group] if len(group) >= rules.least else [[leg] for leg in group])]


def _refused(leg: Leg, refusal: RequestRefused) -> RequestRefused:
    return RequestRefused(
        request_id=leg.request_id,
        outcome=refusal.outcome,
        reason=refusal.reason,
        why=refusal.why,
    )
