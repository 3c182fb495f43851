"""What a client can be asked, one frozen class each: `Place`, `Replace` and `Cancel` are the parts of `Client.batch`.

    from trio_orders.commands import Cancel, Place, Replace

The methods of `Client` make all others themselves.
"""

from protocol.commands import (
    Adopt,
    Authenticate,
    Batch,
    Cancel,
    CancelAll,
    CancelAllAfter,
    Command,
    Disconnect,
    InitializeInstruments,
    LiveOrders,
    Milestone,
    OpenOrders,
    Place,
    ReadFills,
    RegisterExternal,
    Replace,
    Resolve,
    Show,
    Status,
    UpdateInstrument,
    Watch,
)

__all__ = [
    "Adopt",
    "Authenticate",
    "Batch",
    "Cancel",
    "CancelAll",
    "CancelAllAfter",
    "Command",
    "Disconnect",
    "InitializeInstruments",
    "LiveOrders",
    "Milestone",
    "OpenOrders",
    "Place",
    "ReadFills",
    "RegisterExternal",
    "Replace",
    "Resolve",
    "Show",
    "Status",
    "UpdateInstrument",
    "Watch",
]
