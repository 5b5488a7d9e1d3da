"""PostgreSQL goes away for twenty seconds, with messages waiting and running."""

from __future__ import annotations

from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually, throughout
from tests.probe.kinds import Ask, Sleep, Store

OUTAGE = 20.0


def test_an_outage_of_the_database_loses_nothing_kills_nothing_and_spends_no_attempt(
    stack: Stack, content: Running, maintenance: Running
) -> None:
    keys = stack.keys(8 + 20 + 20)
    slow, quick, asking = keys[:8], keys[8:28], [10_000 * key for key in keys[28:]]
    ids = stack.ask(*(Sleep(key=key, seconds=1.0) for key in slow))
    running = "SELECT message_id FROM sync_log WHERE status = 'running' AND message_id = ANY(%s)"
    eventually(lambda: len(stack.rows(running, ids)) == 2, what="two messages being worked on")
    letters = len(stack.rows("SELECT id FROM dead_letters"))

    stack.database.stop()
    ids += stack.ask(*(Store(key=key) for key in quick))
    ids += stack.ask(*(Ask(key=key, children=3) for key in asking))
    throughout(lambda: content.alive() and maintenance.alive(), seconds=OUTAGE, what="both pools alive")
    stack.database.start()

    rows = [stack.ended(message_id, within=60) for message_id in ids]
    assert {row["status"] for row in rows} == {"succeeded"}
    assert stack.times(*slow, *quick, *asking) == [1] * len(keys)
    assert {attempt["attempt"] for row in rows for attempt in row["attempts"]} == {0}
    assert len(stack.rows("SELECT id FROM dead_letters")) == letters
    followers = [key + child for key in asking for child in (1, 2, 3)]
    eventually(lambda: stack.times(*followers) == [1] * 60, within=30, what="what the relay had to send")
    assert content.alive()
    assert maintenance.alive()
