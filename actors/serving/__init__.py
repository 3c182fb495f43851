"""The embedded venues as servers: a brain of `protocol.simulation` behind sockets or memory streams."""
