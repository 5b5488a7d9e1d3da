"""Series, movies and people: every door there is, one message id twice, a limit, a death and a replay."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import httpx

from deploy.local.demo.story import Failed, Stack, Story, amqp, millrace, timed

BREAKING_BAD, ASH_LAD, MACROSS, FLCL, SOAP = 81189, 290, 12586, 78878, 8990002
"""Ids in the sandbox's catalogue: two series, two movies, and a series of 1,203 episodes."""


def tell(stack: Stack, story: Story) -> None:
    """Take every step in turn."""
    story.step("command line: save series Breaking Bad", lambda: by_command_line(stack))
    story.step("HTTP: save movie Askeladden", lambda: by_http(stack))
    story.step("Celery's .delay: save series FLCL", lambda: by_delay(stack))
    story.step("bare AMQP client: save movie Macross", lambda: by_stranger(stack))
    story.step("people of all four, asked for by the pools themselves", lambda: people(stack))
    story.step("one message id published twice, one effect", lambda: twice(stack))
    story.step("read Breaking Bad from the database", lambda: read_stored(stack))
    story.step("read a series nobody has saved: live, then from the database", lambda: read_missing(stack))
    story.step("upstream says 429, wait 2 s: retried after that", lambda: limited(stack))
    story.step("kill one message on purpose", lambda: kill(stack))
    story.step("replay it", lambda: replay(stack))


def by_command_line(stack: Stack) -> str:
    """Publish with `millrace publish`."""
    published = millrace("publish", "scrape.series.save", f"tvdb_id={BREAKING_BAD}")
    result = stack.done(published["message_id"])["result"]
    return f"{result['name']}: {result['episodes']} episodes, {result['credits']} credits"


def by_http(stack: Stack) -> str:
    """Publish with POST /v1/messages/{kind}; follow Location until it is done."""
    answer = stack.api.post("/v1/messages/scrape.movie.save", json={"tvdb_id": ASH_LAD}, headers=stack.admin)
    answer.raise_for_status()
    status = stack.api.get(answer.headers["Location"], headers=stack.admin).raise_for_status().json()
    result = stack.done(status["message_id"])["result"]
    return f"{answer.status_code}, then {result['name']}: {result['credits']} credits"


def by_delay(stack: Stack) -> str:
    """Publish from another Python program with `.delay`, and wait with `.get`."""
    program = (
        "from consumers.content.screen import save_series_full; import consumers.app\n"
        f"asked = save_series_full.delay(tvdb_id={FLCL})\n"
        "import json; print(json.dumps([asked.id, asked.get(timeout=60)]))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise Failed(ran.stderr.strip()[-500:])
    identity, result = json.loads(ran.stdout)
    stack.done(identity)
    return f".get() gave {result['name']}: {result['episodes']} episodes"


def by_stranger(stack: Stack) -> str:
    """Publish a body, an exchange and a routing key: no property, no Millrace."""
    amqp("scrape", "scrape.movie.save", {"tvdb_id": MACROSS})
    row = stack.wait("SELECT name FROM movies WHERE tvdb_id = %s", MACROSS)
    return f"body, exchange and key were enough: {row['name']}"


def people(stack: Stack) -> str:
    """Wait until everybody credited has been saved."""
    stack.wait(
        "SELECT 1 FROM credits HAVING count(*) > 0 AND NOT EXISTS ("
        " SELECT FROM credits WHERE person_tvdb_id IS NOT NULL"
        " AND person_tvdb_id NOT IN (SELECT tvdb_id FROM people))"
    )
    row = stack.one("SELECT count(DISTINCT person_tvdb_id) AS people, count(*) AS credits FROM credits")
    assert row is not None  # noqa: S101 - an aggregate always has a row
    return f"{row['people']} people saved for {row['credits']} credits"


def twice(stack: Stack) -> str:
    """Publish the same message twice and see it counted once."""
    identity = f"demo-{time.time_ns()}"
    for _ in range(2):
        amqp("scrape", "scrape.movie.save", {"tvdb_id": MACROSS}, message_id=identity)
    row = stack.done(identity)
    # Behind the second one in the same queue stands this one; when it is done, both have been handled.
    stack.done(millrace("publish", "scrape.movie.save", f"tvdb_id={MACROSS}")["message_id"])
    done = [attempt for attempt in row["attempts"] if attempt["outcome"] == "done"]
    again = stack.done(identity)
    if len(done) != 1 or again["synced_at"] != row["synced_at"]:
        raise Failed(f"{len(done)} effects")
    return "one effect, the second was a duplicate"


def read_stored(stack: Stack) -> str:
    """Read what is held; the upstream is not asked."""
    httpx.delete(f"{stack.sandbox}/control/requests").raise_for_status()
    answer, milliseconds = timed(stack, f"/series/{BREAKING_BAD}")
    asked = httpx.get(f"{stack.sandbox}/control/requests").raise_for_status().json()
    if answer.headers["X-Millrace-Source"] != "database" or asked["received"] != 0:
        raise Failed(f"from {answer.headers['X-Millrace-Source']}, upstream asked {asked['received']} times")
    return f"{answer.json()['name']} from the database in {milliseconds:.1f} ms, upstream not asked"


def read_missing(stack: Stack) -> str:
    """Read what is not held: answered live, saved in the background, and then held."""
    live, slow = timed(stack, f"/series/{SOAP}")
    stack.wait("SELECT 1 FROM series WHERE tvdb_id = %s", SOAP)
    held, quick = timed(stack, f"/series/{SOAP}")
    sources = live.headers["X-Millrace-Source"], held.headers["X-Millrace-Source"]
    if sources[1] != "database":
        raise Failed(f"from {sources}")
    return f"{sources[0]} in {slow:.0f} ms, then {sources[1]} in {quick:.1f} ms"


def limited(stack: Stack) -> str:
    """Let the upstream ask us to wait, and see that we do."""
    stack.fault(path=f"/tvdb/v4/movies/{MACROSS}/extended", status=429, headers={"Retry-After": "2"}, times=1)
    row = stack.done(millrace("publish", "scrape.movie.save", f"tvdb_id={MACROSS}")["message_id"])
    stack.no_faults()
    first, last = row["attempts"][0], row["attempts"][-1]
    if first["outcome"] != "retried" or last["outcome"] != "done":
        raise Failed(f"outcomes {first['outcome']}, {last['outcome']}")
    return f"{first['error']}, {len(row['attempts'])} attempts, waited {first['delay']:.1f} s in a delay tier"


def kill(stack: Stack) -> str:
    """Let the upstream answer garbage, so that a message can never succeed."""
    stack.fault(path=f"/tvdb/v4/movies/{ASH_LAD}/extended", status=200, body="<html>not today", times=1000)
    identity = millrace("publish", "scrape.movie.save", f"tvdb_id={ASH_LAD}")["message_id"]
    row = stack.wait("SELECT id, reason, error_class FROM dead_letters WHERE message_id = %s", identity)
    return f"dead letter {row['id']}: {row['reason']}, {row['error_class']}"


def replay(stack: Stack) -> str:
    """Mend the cause and send the dead letter back where it died."""
    stack.no_faults()
    letters = millrace("dead-letters", "list", "--state", "open")
    letter = next(one for one in letters if one["kind"] == "scrape.movie.save")
    millrace("replay", str(letter["id"]))
    row = stack.wait("SELECT deaths, replays FROM dead_letters WHERE id = %s AND state = 'resolved'", letter["id"])
    return f"dead letter {letter['id']} resolved: {row['deaths']} death, {row['replays']} replay, same message id"
