"""Hostile stories, drawn from a seed, of the real client at the embedded venues: `make sim`.

`story` draws what is done, `network` and `mishaps` what goes wrong on the way; `venues` knows what each venue's brain
can be made to do, `books` keeps what was placed there; `play` tells the story on virtual time, `compare` judges what
the clients heard by the venue's books, `report` counts. `python -m tests.sim --seeds 100` tells many stories, `--seed
7 --venue ax` tells one, line by line.
"""
