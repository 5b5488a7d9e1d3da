"""Every group of commands: a line here adds one.

A group is a module with a Typer object called `app`. It is imported when one of its commands is used, so that
`millrace --help` stays quick however many groups there are and whatever they need.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """A word after `millrace`, the module behind it, and its line of help."""

    name: str
    module: str
    help: str


GROUPS = (
    Group("publish", "producers.cli.publish", "Publish a message, or many from standard input."),
    Group("contracts", "producers.cli.contracts", "The kinds of messages: list, show, export, check."),
    Group("topology", "producers.cli.topology", "Exchanges, queues and bindings: show, apply, check, export."),
    Group("schedules", "producers.cli.schedules", "What the clock asks for: list it, change it, run it now."),
    Group("dead-letters", "producers.cli.dead_letters", "Messages that died: list them, show one whole."),
    Group("replay", "producers.cli.replay", "Send dead letters back to the queues in which they failed."),
    Group(
        "minifigures", "producers.cli.minifigures", "Minifigures and sets: import a catalogue, list it, show prices."
    ),
    Group("sources", "producers.cli.sources", "Where venues' listings are read from: add, list, show, set, ingest."),
    Group("discounts", "producers.cli.discounts", "What is discounted and by how much: list, tiers, set-tier."),
    Group("backfills", "producers.cli.backfills", "Backfills of price snapshots: list, cancel, resume."),
    Group("users", "producers.cli.users", "Who may do what: add, list, change, disable, remove."),
    Group("health", "producers.cli.health", "Is all well, and if not, what is to be done."),
    Group("flower", "producers.cli.flower", "Celery's own monitor: workers, tasks and queues in a browser."),
    Group("probe", "producers.cli.probe", "Does the process that runs here answer: a container's health check."),
    Group("migrate", "producers.cli.migrate", "Bring the database to the newest schema."),
    Group("api", "producers.cli.api", "Serve the HTTP API."),
    Group("relay", "producers.cli.relay", "Run a relay: it sends what was committed to the outbox."),
    Group("exporter", "producers.cli.exporter", "Run the exporter: it tells what no process of the line knows."),
    Group("scheduler", "producers.cli.scheduler", "Run a scheduler: it asks for what is due by the clock."),
    Group("pool", "producers.cli.pool", "Worker pools: start one, see how all are doing."),
)
