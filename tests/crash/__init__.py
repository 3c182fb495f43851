"""Real processes, killed at random moments: `make crash ROUNDS=n`.

A venue, a trading program with a journal and a consumer of that journal are programs of their own, which talk over TCP
and write real files. `campaign` starts them, kills them with SIGKILL and starts them again; at the end `verdict` holds
the consumer's own file against the venue's books. `fast_clock` makes their seconds short.
"""
