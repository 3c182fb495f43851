"""What subscribers hear: order events, reports and connection events, one frozen class each.

    from trio_orders.events import Canceled, Filled

`Event` is the root; an `OrderEvent` is about an order of this client, a `Report` about any, a `ConnectionEvent` about
the link. All of them come in the order in which they happened, numbered without a hole.
`to_json` and `from_json` write and read them as JSON, `evolve` gives a changed copy, `asdict` the fields.
"""

from protocol.event_json import from_json, to_json
from protocol.events import (
    Accepted,
    Authenticated,
    AuthenticationFailed,
    Canceled,
    CancelRejected,
    CloseReport,
    Completed,
    Connected,
    ConnectionEvent,
    Denied,
    Disconnected,
    Event,
    Expired,
    FeeReported,
    Filled,
    FillReport,
    MessagesLost,
    MissingFills,
    OrderEvent,
    OrderStatusReport,
    Reconciled,
    Reconnected,
    Rejected,
    Reopened,
    ReplaceRejected,
    Report,
    SessionFailed,
    StatusUnknown,
    Submitted,
    SystemStatus,
    Triggered,
    Updated,
)
from protocol.structs import asdict, evolve

__all__ = [
    "Accepted",
    "Authenticated",
    "AuthenticationFailed",
    "CancelRejected",
    "Canceled",
    "CloseReport",
    "Completed",
    "Connected",
    "ConnectionEvent",
    "Denied",
    "Disconnected",
    "Event",
    "Expired",
    "FeeReported",
    "FillReport",
    "Filled",
    "MessagesLost",
    "MissingFills",
    "OrderEvent",
    "OrderStatusReport",
    "Reconciled",
    "Reconnected",
    "Rejected",
    "Reopened",
    "ReplaceRejected",
    "Report",
    "SessionFailed",
    "StatusUnknown",
    "Submitted",
    "SystemStatus",
    "Triggered",
    "Updated",
    "asdict",
    "evolve",
    "from_json",
    "to_json",
]
