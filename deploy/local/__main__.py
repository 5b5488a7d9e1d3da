"""`python -m deploy.local`: the stack on this machine, up, down, and what it does meanwhile."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from deploy.local import stack, state, status
from deploy.local.home import CHECKOUT, Home
from deploy.local.program import NotReady
from deploy.local.progress import Progress
from deploy.local.rabbitmq_found import RabbitMQMissing

PAGES = (
    ("API", "MILLRACE_API_URL", "/docs"),
    ("console", "MILLRACE_API_URL", "/console"),
    ("Flower", "FLOWER_URL", "/"),
    ("RabbitMQ", "RABBITMQ_MANAGEMENT_URL", "/"),
    ("stand-in upstreams", "SANDBOX_URL", "/control/requests"),
)
"""What a person opens in a browser: what it is, where, and which page."""


def up(home: Home, progress: Progress) -> int:
    """Bring the stack up, or find that it is, and print where everything is."""
    try:
        told = stack.up(home, progress)
    except (NotReady, RabbitMQMissing) as error:
        progress.failed(str(error))
        return 1
    except KeyboardInterrupt:
        progress.say("  interrupted")
        stack.down(home, progress)
        return 130
    _print_addresses(home, progress, told)
    return 0


def demo(home: Home, progress: Progress) -> int:
    """Drive the stack through every door; one that is not up comes up for it and goes down again."""
    from deploy.local import demo as story  # noqa: PLC0415 - clients of every kind, which no other command needs

    try:
        with stack.borrowed(home, progress) as told:
            os.environ.update(told)
            return story.main()
    except (NotReady, RabbitMQMissing) as error:
        progress.failed(str(error))
        return 1


def down(home: Home, progress: Progress) -> int:
    """End every program of the stack; its data stay."""
    stack.down(home, progress)
    return 0


def show(home: Home, progress: Progress) -> int:
    """Show each program of the stack; exit 1 unless all of them are up."""
    supervisor = stack.running(home)
    standings = status.read(home)
    table = Table("program", "is", "for", "process", "restarts", box=None, header_style="bold")
    for name, told in standings.items():
        since = f"{time.time() - told.since:.0f} s"
        table.add_row(name, told.phase.value, since, str(told.pid or ""), str(told.restarts or ""))
    if supervisor is None:
        left = ", ".join(name for name, _ in stack.leftovers(home))
        progress.say(f"the stack is not up; of an earlier one these still run: {left}" if left else "nothing runs")
        return 1
    progress.console.print(table)
    chosen = state.load(home)
    if chosen is not None:
        _print_addresses(home, progress, chosen.exported)
    return 0 if stack.whole(standings) else 1


def env(home: Home, progress: Progress) -> int:
    """Print the shell exports of the running stack, for `eval "$(python -m deploy.local env)"`."""
    if not home.env.exists():
        progress.failed("the stack is not up; make up")
        return 1
    sys.stdout.write(home.env.read_text())
    return 0


def _print_addresses(home: Home, progress: Progress, told: Mapping[str, str]) -> None:
    lines = [(what, _public(home, told[name], page)) for what, name, page in PAGES if name in told]
    lines += [("metrics", url) for url in told["MILLRACE_METRICS_URLS"].split()]
    progress.say("")
    for what, where in lines:
        progress.say(f"  {what:<20}{where}")
    progress.say(f"\n  . {_near(home.env)}    connects this shell; the admin token is in there too")


def _public(home: Home, url: str, page: str) -> str:
    """Return an address as it may be printed: without user and password, which are in our file."""
    scheme, _, rest = url.partition("://")
    secret, _, place = rest.rpartition("@")
    said = f" (user and password: see {_near(home.env)})" if secret else ""
    return f"{scheme}://{place}{page}{said}"


def _near(file: Path) -> str:
    """Return a path as short as it can be written from the checkout."""
    return str(file.relative_to(CHECKOUT)) if file.is_relative_to(CHECKOUT) else str(file)


COMMANDS = {"up": up, "down": down, "status": show, "env": env, "demo": demo}


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do what it says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("--home", type=Path, default=Home().folder, help="folder of its state (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.__doc__, description=command.__doc__)
    told = parser.parse_args(arguments)
    home = Home(told.home.resolve())
    return COMMANDS[told.command](home, Progress(home))


if __name__ == "__main__":
    sys.exit(main())
