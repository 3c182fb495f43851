"""The venue's clock, as its answers show it: how far it is from ours, how well that is known, and when it no longer is.

The theory. The venue stamps an answer when it gets the question and when it sends the answer. Both moments lie between
our asking and our hearing, so one exchange shows the distance between the two clocks with an error of at most half of
the time that the message spent on its way, as in NTP (RFC 5905, section 8). The narrowest of the recent exchanges is
kept. A stamp that answers nothing that we asked bounds the distance from one side alone, and is not used.

The distance is kept against the monotonic clock, so that a wall clock that is being corrected shows at once in the
skew. What it cannot survive is a jump of the wall clock against the monotonic one: either the wall clock was set,
or the machine slept and the monotonic clock with it. Which of the two it was only another exchange can tell, so until
then nothing is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, field

from ..values import Instant

if TYPE_CHECKING:
    from attrs import frozen
else:
    from attrs import define as frozen  # at AX each accepted order brings a reading: see `facts`

__all__ = ["DRIFT", "JUMP", "LEAST_SKEW", "MOST_UNCERTAIN", "ClockReading", "VenueClock", "skew_text"]

SECOND: Final = 1_000_000_000
JUMP: Final = SECOND
"""By so much the wall clock may move against the monotonic one before what was measured counts no more."""
MOST_UNCERTAIN: Final = SECOND
"""An exchange that leaves more open than this says nothing of use."""
DRIFT: Final = 2000
"""Two clocks drift apart by up to one part in so many: 500 ppm, the most by which NTP slows or speeds a clock."""
LEAST_SKEW: Final = 2 * SECOND
"""A skew beyond this is reported."""


@frozen(kw_only=True)
class ClockReading:
    """What one exchange with the venue showed.

    offset: the venue's clock minus our monotonic clock, ns; uncertainty: ns by which that may be wrong, at most;
    heard: when the answer came.
    """

    offset: int
    uncertainty: int
    heard: Instant

    @classmethod
    def of(cls, asked: Instant, heard: Instant, received: int, sent: int, resolution: int) -> ClockReading | None:
        """The reading of an exchange; None when it shows nothing.

        asked: not later than the question left; heard: not earlier than the answer came; received, sent: ns since 1970
        by the venue, when it got the question and when it answered; resolution: ns, the stamps are rounded down to it.
        """
        began, ended = asked.monotonic_ns, heard.monotonic_ns
        if sent < received or ended < began or abs(heard.wall_ns - ended - asked.wall_ns + began) > JUMP:
            return None
        # As in NTP: the venue's clock lies between what it showed at the answer and what it showed at the question.
        least, most = sent - ended, received + resolution - began
        if least > most:  # longer with the venue than on its way and back: then the stamps only bound each other
            least, most = received - ended, sent + resolution - began
        return cls(offset=(least + most) // 2, uncertainty=(most - least + 1) // 2, heard=heard)

    @property
    def skew(self) -> int:
        """ns by which our wall clock was ahead of the venue's at that moment; negative: behind."""
        return _lead(self.heard) - self.offset

    def uncertainty_at(self, now: Instant) -> int:
        """As it is by now: clocks drift."""
        since = now.monotonic_ns - self.heard.monotonic_ns
        return self.uncertainty + since // DRIFT if since > 0 else self.uncertainty


@frozen
class VenueClock:
    """What is known of the venue's clock. Replaced by another one with each exchange; `VenueClock()`: nothing yet.

    Its owner looks at both of our clocks now and then, and says so (`jump`) when they have moved against each
    other by more than `JUMP` between two looks.
    """

    reading: ClockReading | None = None
    jumped: bool = field(default=False)
    """Our clocks were seen to jump since, even if they have come back."""

    def jump(self) -> VenueClock:
        """After our clocks were seen to jump."""
        return evolve(self, jumped=True)

    def hear(self, reading: ClockReading) -> VenueClock:
        """With another reading: the narrower one of the two is kept, but a reading that no longer counts, or that the
        newer one contradicts, never is."""
        kept, now = self.reading, reading.heard
        if reading.uncertainty > MOST_UNCERTAIN:
            return self
        if kept is None or not self.is_known(now):
            return VenueClock(reading)
        uncertainty = kept.uncertainty_at(now)
        contradicts = abs(reading.offset - kept.offset) > reading.uncertainty + uncertainty
        return VenueClock(reading) if contradicts or reading.uncertainty <= uncertainty else self

    def is_known(self, now: Instant) -> bool:
        """True while a reading counts: it is recent enough, and our clocks have not jumped since."""
        reading = self.reading
        if reading is None or self.jumped:
            return False
        heard = reading.heard
        jump = now.wall_ns - now.monotonic_ns - heard.wall_ns + heard.monotonic_ns
        return -JUMP <= jump <= JUMP and reading.uncertainty_at(now) <= MOST_UNCERTAIN

    def skew(self, now: Instant) -> int | None:
        """ns by which our wall clock is ahead of the venue's; negative: behind. None: not known."""
        if self.reading is None or not self.is_known(now):
            return None
        return _lead(now) - self.reading.offset

    def is_skewed(self, now: Instant) -> bool:
        """True when the skew is known, and one to report."""
        reading = self.reading
        # What is the case for hardly any order comes first, and spares it the rest.
        if reading is None or -LEAST_SKEW <= now.wall_ns - now.monotonic_ns - reading.offset <= LEAST_SKEW:
            return False
        return self.is_known(now)

    def time(self, wall_ns: int, now: Instant) -> int:
        """What the venue's clock shows when our wall clock, set as it is now, shows `wall_ns`; the same if no skew is
        known."""
        return wall_ns - (self.skew(now) or 0)


def _lead(moment: Instant) -> int:
    """How far the wall clock is ahead of the monotonic one; it stays the same while neither jumps."""
    return moment.wall_ns - moment.monotonic_ns


UNITS: Final = ((2 * 86400, 86400, "days"), (2 * 3600, 3600, "h"), (120, 60, "min"), (0, 1, "s"))
"""From so many seconds on, a duration is said in units of so many."""


def _text(duration: int) -> str:
    """A duration in ns as a person says it."""
    seconds = duration / SECOND
    length, unit = next((length, unit) for least, length, unit in UNITS if seconds >= least)
    return f"{seconds / length:.1f} {unit}"


def skew_text(skew: int, venue: str) -> str:
    """A clause about a skew of ours. skew: as `VenueClock.skew` gives it."""
    return f"this machine's clock is {_text(abs(skew))} {'ahead of' if skew > 0 else 'behind'} that of {venue}"
