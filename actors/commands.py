"""What a client can be asked: the commands of `protocol.commands`, so that a program needs no import from there."""

from protocol.commands import *  # noqa: F403
from protocol.commands import __all__ as __all__
