"""What follows from saving a screen entity, whichever pool did it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from consumers.run import Effect, Run
from shared import clock
from shared.catalog.screen import store
from shared.catalog.screen.records import EntityType
from shared.contracts import screen


def ask_for_people(effect: Effect, people: Sequence[int], run: Run) -> None:
    """Ask for those of a title's people that we do not hold, or hold only in a stale copy."""
    before = clock.now() - timedelta(days=run.wiring.settings.people_fresh_days)
    lacking = store.people_to_fetch(effect.connection, people, before)
    effect.ask(*(screen.SavePerson(tvdb_id=person) for person in lacking))


def record_gone(run: Run, entity: EntityType, tvdb_id: int) -> None:
    """Record that TheTVDB no longer has an entity; our copy, if there is one, stays readable as gone."""
    with run.finish() as effect:
        store.mark_gone(effect.connection, entity, tvdb_id, clock.now())
        effect.announce(screen.ScreenEntityGone(entity=entity, tvdb_id=tvdb_id))
        effect.result = {"gone": True}
