"""Kraken Futures' wire."""
