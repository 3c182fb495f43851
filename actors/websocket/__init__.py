"""WebSockets: the one seam between this library and an implementation, and the two implementations behind it."""

from .opening import Implementation, open_socket
from .seam import Socket, SocketClosed
from .upgrade import UpgradeRefused

__all__ = ["Implementation", "Socket", "SocketClosed", "UpgradeRefused", "open_socket"]
