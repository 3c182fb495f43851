"""Actors, clients, connections."""
