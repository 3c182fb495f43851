"""Streams, connections, HTTP: what a client needs of the network, without a word of any venue."""
