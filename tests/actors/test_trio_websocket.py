"""Over trio-websocket: how many messages a read has brought."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.websocket.trio_websocket import messages_in

from ..websocket_peer import BINARY, CONTINUATION, PING, TEXT, close_frame, frame

KINDS = {
    "text": (frame(TEXT, "a"), 1),
    "empty": (frame(TEXT), 1),
    "binary": (frame(BINARY, b"\x00"), 1),
    "long": (frame(TEXT, "x" * 300), 1),
    "begun": (frame(TEXT, "x", fin=False), 0),
    "ended": (frame(CONTINUATION, "x"), 1),
    "ping": (frame(PING, b"p"), 0),
    "close": (close_frame(1000), 0),
}


@given(st.lists(st.sampled_from(sorted(KINDS))))
def test_the_messages_of_whole_frames_are_counted(kinds: list[str]) -> None:
    read = b"".join(KINDS[kind][0] for kind in kinds)
    assert messages_in(read) == sum(KINDS[kind][1] for kind in kinds)


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(KINDS)), st.data())
def test_the_messages_of_a_frame_cut_off_are_not_counted(first: str, last: str, data: st.DataObject) -> None:
    whole, cut = KINDS[first][0], KINDS[last][0]
    assert messages_in(whole + cut[: data.draw(st.integers(1, len(cut) - 1))]) is None


@given(st.binary(max_size=300))
def test_counting_the_messages_of_any_bytes_ends(read: bytes) -> None:
    counted = messages_in(read)
    assert counted is None or 0 <= counted <= len(read) // 2
