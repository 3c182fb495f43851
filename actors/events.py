"""What subscribers hear: the event classes of `protocol.events`, so that a program needs no import from there."""

from protocol.events import *  # noqa: F403
from protocol.events import __all__ as __all__
