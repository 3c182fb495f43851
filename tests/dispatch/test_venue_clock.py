"""The venue's clock: what an exchange proves of it, whatever the way to the venue is like."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from protocol.dispatch.venue_clock import ClockReading, VenueClock, skew_text
from protocol.values import Instant

SECOND = 1_000_000_000
MS = 1_000_000
WALL = 1_790_000_000 * SECOND
"""Our wall clock shows this when the monotonic clock shows zero."""


def at(seconds: float, wall: int = WALL) -> Instant:
    """A moment: both clocks run."""
    monotonic = int(seconds * SECOND)
    return Instant(monotonic, wall + monotonic)


def read(asked: float, heard: float, said: int, answered: int | None = None, resolution: int = 1) -> ClockReading:
    reading = ClockReading.of(at(asked), at(heard), said, said if answered is None else answered, resolution)
    assert reading is not None
    return reading


def test_an_exchange_shows_the_skew_to_half_its_round_trip() -> None:
    """Asked at 10.0, heard at 10.4: if both ways take as long, the venue said 7 s later than we thought."""
    reading = read(10.0, 10.4, WALL + int(17.2 * SECOND))
    clock = VenueClock().hear(reading)
    assert clock.skew(at(10.4)) == -7 * SECOND
    assert reading.uncertainty == 200 * MS + 1


def test_the_time_that_the_venue_takes_with_the_answer_leaves_nothing_open() -> None:
    """It got the question at 5.1 and answered at 5.9, so but 0.2 s were spent on the way."""
    reading = read(5.0, 6.0, WALL + int(5.1 * SECOND), WALL + int(5.9 * SECOND))
    assert (VenueClock().hear(reading).skew(at(6)), reading.uncertainty) == (0, 100 * MS + 1)


def test_a_venue_that_tells_whole_seconds_is_known_to_half_a_second() -> None:
    """Its 17 stands for anything up to 18."""
    reading = read(10.0, 10.0, WALL + 17 * SECOND, resolution=SECOND)
    assert (VenueClock().hear(reading).skew(at(10)), reading.uncertainty) == (-7_500_000_000, SECOND // 2)


def test_stamps_that_lie_further_apart_than_question_and_answer_bound_each_other_alone() -> None:
    """The two stamps come from machines that differ, or were made up: neither is believed more than the other."""
    reading = read(5.0, 5.0, WALL + 5 * SECOND, WALL + 5 * SECOND + 2 * MS)
    assert (reading.offset, reading.uncertainty) == (WALL + MS, MS + 1)


@pytest.mark.parametrize(
    ("asked", "heard", "received", "sent"),
    [
        pytest.param(at(5), at(6), WALL + 6 * SECOND, WALL + 5 * SECOND, id="answered before it was asked"),
        pytest.param(at(6), at(5), WALL + 5 * SECOND, WALL + 5 * SECOND, id="heard before it was asked"),
        pytest.param(at(5), at(5, WALL + 3600 * SECOND), WALL, WALL, id="the machine slept in between"),
        pytest.param(at(5), at(5, WALL - 2 * SECOND), WALL, WALL, id="our clock was set in between"),
    ],
)
def test_an_exchange_that_makes_no_sense_shows_nothing(
    asked: Instant, heard: Instant, received: int, sent: int
) -> None:
    assert ClockReading.of(asked, heard, received, sent, 1) is None


def test_a_question_that_waited_long_is_ignored() -> None:
    """Two seconds and more between question and answer leave more than a second open."""
    clock = VenueClock()
    assert clock.hear(read(0.0, 2.1, WALL + 9 * SECOND)) is clock
    assert clock.hear(read(0.0, 1.9, WALL + 9 * SECOND)).is_known(at(1.9))


def test_the_narrower_reading_is_kept() -> None:
    narrow, wide = read(0.0, 0.01, WALL), read(1.0, 1.5, WALL + SECOND)
    clock = VenueClock().hear(narrow)
    assert clock.hear(wide) is clock
    assert VenueClock().hear(wide).hear(read(2.0, 2.01, WALL + 2 * SECOND)).reading != wide


def test_a_reading_gives_way_to_wider_ones_as_it_ages() -> None:
    """Clocks drift: after ten minutes one that left 5 ms open leaves 305 ms open."""
    old, wide = read(0.0, 0.01, WALL), read(600.0, 600.5, WALL + 600 * SECOND)
    assert VenueClock().hear(old).hear(wide).reading == wide


def test_a_reading_that_contradicts_an_earlier_one_is_believed() -> None:
    """The venue's clock was set, then."""
    clock = VenueClock().hear(read(0.0, 0.01, WALL))
    later = read(1.0, 1.5, WALL + 4 * SECOND)
    assert clock.hear(later).reading == later


def test_what_was_measured_long_ago_counts_no_more() -> None:
    clock = VenueClock().hear(read(0.0, 0.0, WALL))
    assert clock.is_known(at(1999))
    assert not clock.is_known(at(2001))
    assert clock.skew(at(2001)) is None


@pytest.mark.parametrize("jump", [-3600, -1.1, 1.1, 3600])
def test_a_jump_of_our_clock_makes_the_skew_unknown_until_the_next_reading(jump: float) -> None:
    clock = VenueClock().hear(read(0.0, 0.0, WALL))
    wall = WALL + int(jump * SECOND)
    now = at(5, wall)
    assert clock.skew(at(5)) == 0
    assert clock.skew(now) is None
    assert clock.time(now.wall_ns, now) == now.wall_ns
    measured = ClockReading.of(now, now, WALL + 5 * SECOND, WALL + 5 * SECOND, 1)
    assert measured is not None
    again = clock.hear(measured)
    assert again.skew(now) == int(jump * SECOND)
    assert again.time(now.wall_ns, now) == WALL + 5 * SECOND


def test_a_jump_that_was_seen_counts_even_if_the_clocks_came_back() -> None:
    """Set back by an hour, and then the machine slept for one: nothing is as it was."""
    clock = VenueClock().hear(read(0.0, 0.0, WALL)).jump()
    assert clock.skew(at(1)) is None
    assert clock.hear(read(1.0, 1.5, WALL + SECOND)).skew(at(1.5)) == 250 * MS


def test_a_small_correction_of_our_clock_shows_in_the_skew_at_once() -> None:
    """NTP moves our clock by 0.9 s: no jump, and no other exchange is needed."""
    clock = VenueClock().hear(read(0.0, 0.0, WALL))
    assert clock.skew(at(5, WALL + 900 * MS)) == 900 * MS


def test_a_skew_is_said_in_the_words_of_a_person() -> None:
    assert skew_text(-7_249_000_000, "KRAKEN") == "this machine's clock is 7.2 s behind that of KRAKEN"
    assert skew_text(50 * SECOND, "KRAKEN") == "this machine's clock is 50.0 s ahead of that of KRAKEN"
    assert skew_text(-150 * SECOND, "AX") == "this machine's clock is 2.5 min behind that of AX"
    assert skew_text(3 * 3600 * SECOND, "AX") == "this machine's clock is 3.0 h ahead of that of AX"
    assert skew_text(-365 * 86400 * SECOND, "AX") == "this machine's clock is 365.0 days behind that of AX"


DURATIONS = st.integers(0, 3 * SECOND)
SKEWS = st.integers(-100 * SECOND, 100 * SECOND)


@given(
    skew=SKEWS,
    resolution=st.sampled_from([1, 1000, MS, SECOND]),
    exchanges=st.lists(st.tuples(DURATIONS, DURATIONS, DURATIONS, DURATIONS), min_size=1, max_size=8),
    drift=st.integers(-400, 400),
)
def test_the_error_is_never_greater_than_the_uncertainty(
    skew: int, resolution: int, exchanges: list[tuple[int, int, int, int]], drift: int
) -> None:
    """Whatever the pauses, the ways there and back, the venue's own time, and a drift of up to 400 ppm."""

    def venue(monotonic: int) -> int:
        return WALL + monotonic - skew + monotonic * drift // 1_000_000

    clock, now = VenueClock(), 0
    for pause, there, takes, back in exchanges:
        asked, received, sent, heard = now + pause, now + pause + there, 0, 0
        sent = received + takes
        now = heard = sent + back
        stamps = [venue(moment) // resolution * resolution for moment in (received, sent)]
        reading = ClockReading.of(
            Instant(asked, WALL + asked), Instant(heard, WALL + heard), stamps[0], stamps[1], resolution
        )
        assert reading is not None
        # What drifts while the question is on its way is not part of the exchange's own bound.
        slack = 3 * 3 * SECOND // 2000
        assert abs(reading.offset - (venue(heard) - heard)) <= reading.uncertainty + slack
        clock = clock.hear(reading)
        if clock.reading is not None:
            known = clock.reading.uncertainty_at(Instant(now, WALL + now)) + slack
            assert abs(clock.reading.offset - (venue(now) - now)) <= known


@given(jumps=st.lists(st.integers(-5 * SECOND, 5 * SECOND), max_size=6), skew=SKEWS)
def test_a_skew_that_is_told_is_true(jumps: list[int], skew: int) -> None:
    """However our wall clock is set meanwhile: either nothing is known or the truth is."""
    clock = VenueClock().hear(read(0.0, 0.0, WALL - skew))
    wall, monotonic = WALL, 0
    for jump in jumps:
        wall, monotonic = wall + jump, monotonic + SECOND
        now = Instant(monotonic, wall + monotonic)
        assert clock.skew(now) in (None, skew + wall - WALL)
