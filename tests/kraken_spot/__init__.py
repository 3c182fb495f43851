"""Kraken Spot's wire."""
