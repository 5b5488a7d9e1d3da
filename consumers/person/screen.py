"""People: fetched from TheTVDB with biography and filmography, and stored."""

from __future__ import annotations

from consumers.following import record_gone
from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.catalog.screen import store
from shared.contracts import screen
from shared.errors import UpstreamGone
from shared.upstreams import tvdb


@handles(screen.SAVE_PERSON)
def save_person_full(ask: screen.SavePerson, run: Run) -> None:
    """Save a person."""
    at = clock.now()
    try:
        person = tvdb.read_person(run.upstream(tvdb.open_tvdb).fetch_person(ask.tvdb_id))
    except UpstreamGone:
        record_gone(run, "person", ask.tvdb_id)
        return
    with run.finish() as effect:
        store.save_person(effect.connection, person, at)
        effect.announce(screen.PersonSaved(tvdb_id=person.tvdb_id, name=person.name))
        effect.result = {"name": person.name, "credits": len(person.credits)}
