"""What a process remembers of its answers."""

from __future__ import annotations

from producers.api.bodies import OVERHEAD, Bodies


def test_the_last_body_of_an_entity_is_kept_with_its_version() -> None:
    bodies = Bodies()
    bodies.put("series:1", "v1", b"one")
    bodies.put("series:1", "v2", b"two")
    assert bodies.get("series:1") == ("v2", b"two")
    assert bodies.get("series:2") is None


def test_what_was_asked_for_least_recently_goes_first_when_room_is_short() -> None:
    bodies = Bodies(largest=2 * (OVERHEAD + 10))
    bodies.put("a", "v", b"0123456789")
    bodies.put("b", "v", b"0123456789")
    bodies.get("a")
    bodies.put("c", "v", b"0123456789")
    assert [bodies.get(name) is not None for name in "abc"] == [True, False, True]


def test_a_body_that_is_replaced_gives_its_room_back() -> None:
    bodies = Bodies(largest=2 * (OVERHEAD + 10))
    bodies.put("a", "v", b"0123456789")
    for version in range(100):
        bodies.put("b", str(version), b"0123456789")
    assert bodies.get("a") is not None


def test_a_body_larger_than_all_the_room_is_not_kept() -> None:
    bodies = Bodies(largest=OVERHEAD)
    bodies.put("a", "v", b"0123456789")
    assert bodies.get("a") is None
