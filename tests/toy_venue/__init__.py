"""A fourth venue, made up: what a venue needs, and the proof that it needs nothing else.

At a real venue `toy` would be `protocol/toy`, `simulation` would be `protocol/simulation/toy`, and `venues/toy.py`
would be `actors/venues/toy.py`. `docs/adding-a-venue.md` goes through these files step by step.
"""
