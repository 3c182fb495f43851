"""python -m tests.peers.guard MODULE ARGUMENTS…: runs a module that can reach this machine's own address alone.

Every look-up of a name and every connection of the process passes an audit hook, which no library can go around.
"""

from __future__ import annotations

import runpy
import sys
from ipaddress import ip_address
from typing import Any


def refuse(address: object) -> None:
    raise PermissionError(f"This program may talk to this machine alone, not to {address!r}.")


def is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host == "localhost":
        return True
    try:
        return ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not is_loopback(address[0]):
            refuse(address)
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr") and not is_loopback(
        arguments[0]
    ):
        refuse(arguments[0])


if __name__ == "__main__":
    sys.addaudithook(guard)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
