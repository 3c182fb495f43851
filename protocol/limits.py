"""Pacing as arithmetic on time: reconnect delays and token buckets. No clock and no randomness; both are given."""

from __future__ import annotations

from attrs import evolve, frozen

__all__ = ["Backoff", "Bucket", "Budget", "BudgetTerms", "FIRST_CONNECT", "LONG_BACKOFF", "RECONNECT"]

SECOND = 1_000_000_000


@frozen(kw_only=True)
class Backoff:
    """Exponential back-off. initial, maximum, jitter, attempt_timeout: seconds; attempts None: without limit.

    immediate: the first retry comes at once, and `initial` is the pause before the second.
    """

    initial: float = 0.5
    factor: float = 2.0
    maximum: float = 5.0
    jitter: float = 0.25
    attempts: int | None = None
    attempt_timeout: float = 10.0
    immediate: bool = False

    def delay(self, attempt: int, draw: float) -> float:
        """Seconds to wait after failed attempt number `attempt` (from 1). draw: from 0 up to, not including, 1."""
        exponent = attempt - 2 if self.immediate else attempt - 1
        if exponent < 0:
            return 0.0
        # A large exponent would overflow; beyond 64 every sensible factor is at its maximum.
        base = min(self.maximum, self.initial * self.factor ** min(exponent, 64))
        return base + self.jitter * draw


FIRST_CONNECT = Backoff(initial=0.5, factor=2.0, maximum=5.0, jitter=0.25, attempts=5, attempt_timeout=10.0)
RECONNECT = Backoff(
    initial=0.5, factor=1.5, maximum=5.0, jitter=0.25, attempts=None, attempt_timeout=5.0, immediate=True
)
LONG_BACKOFF = Backoff(initial=5.0, factor=2.0, maximum=60.0, jitter=1.0)
"""Pauses for a venue that wants to be left alone and does not say how long."""


@frozen(kw_only=True)
class Bucket:
    """A token bucket at one moment. rate: tokens per second; capacity: the most it holds; time: ns, monotonic.

    tokens are counted in billionths, so that refilling is exact integer arithmetic.
    """

    rate: int
    capacity: int
    nano_tokens: int
    time: int

    @classmethod
    def full(cls, *, rate: int, capacity: int, now: int) -> Bucket:
        return cls(rate=rate, capacity=capacity, nano_tokens=capacity * SECOND, time=now)

    def refilled(self, now: int) -> Bucket:
        """The bucket at `now`; a moment before the last one changes nothing."""
        if now <= self.time:
            return self
        filled = min(self.capacity * SECOND, self.nano_tokens + (now - self.time) * self.rate)
        return Bucket(rate=self.rate, capacity=self.capacity, nano_tokens=filled, time=now)

    def take(self, cost: int, now: int) -> Bucket | None:
        """The bucket after paying `cost` tokens at `now`; None when it does not hold that much."""
        ready = self.refilled(now)
        if ready.nano_tokens < cost * SECOND:
            return None
        left = ready.nano_tokens - cost * SECOND
        return Bucket(rate=self.rate, capacity=self.capacity, nano_tokens=left, time=ready.time)

    def emptied(self, now: int) -> Bucket:
        """The bucket without a token, because another program has drawn on it."""
        return Bucket(rate=self.rate, capacity=self.capacity, nano_tokens=0, time=max(now, self.time))

    def ready_at(self, cost: int, now: int) -> int:
        """When `cost` tokens will be there: ns, monotonic; `now` if they are. cost must not exceed capacity."""
        missing = cost * SECOND - self.refilled(now).nano_tokens
        return now if missing <= 0 else now - (-missing // self.rate)


@frozen(kw_only=True)
class BudgetTerms:
    """rate: tokens that flow back in a second; capacity: the most there are; reserve: the last of them, which are for
    urgent calls alone; kept: those before them, which our own questions leave to the user's calls."""

    rate: int
    capacity: int
    reserve: int
    kept: int = 0


@frozen(kw_only=True)
class Budget:
    """A token bucket at one moment, of which the last `reserve` tokens are for urgent calls, and the `kept` ones before
    them for those that are not our own questions. Of a call, urgent and own say what it is; none is both."""

    bucket: Bucket
    reserve: int
    kept: int = 0

    @classmethod
    def full(cls, terms: BudgetTerms, now: int) -> Budget:
        """now: ns, monotonic."""
        bucket = Bucket.full(rate=terms.rate, capacity=terms.capacity, now=now)
        return cls(bucket=bucket, reserve=terms.reserve, kept=terms.kept)

    def take(self, cost: int, now: int, *, urgent: bool = False, own: bool = False) -> Budget | None:
        """The budget after a call at `now`; None when the call must wait."""
        if self.ready_at(cost, now, urgent=urgent, own=own) > now:
            return None
        bucket = self.bucket.take(cost, now)
        return None if bucket is None else evolve(self, bucket=bucket)

    def emptied(self, now: int) -> Budget:
        """The budget after the venue has said that there is none left."""
        return evolve(self, bucket=self.bucket.emptied(now))

    def ready_at(self, cost: int, now: int, *, urgent: bool = False, own: bool = False) -> int:
        """When the call may go out: ns, monotonic; `now` if it may at once. A call that is dearer than what the budget
        ever holds without what it must leave waits for a full budget."""
        left = 0 if urgent else self.reserve + self.kept * own
        wanted = min(cost + left, self.bucket.capacity)
        return self.bucket.ready_at(wanted, now)
