"""What follows from prices and stock, what keeps the house in order, and when each of it is due."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from deploy.local.demo.catalogues import FIGURE
from deploy.local.demo.story import Failed, Stack, Story, millrace

OBSERVED, BATCHES = 2000, 60
"""Messages that other services publish in this demo."""


def tell(stack: Stack, story: Story) -> None:
    """Take every step in turn."""
    story.step(f"{OBSERVED:,} prices that another service observed", lambda: observed(stack))
    story.step("a day's snapshots of prices, and a backfill of a week", lambda: snapshots(stack))
    story.step(f"{BATCHES} batches of stock, discounted by their expiry", lambda: discounts(stack))
    story.step("statistics and health", lambda: upkeep(stack))
    story.step("what the clock asks for next", lambda: schedules(stack))


def publish_many(kind: str, payloads: list[dict[str, object]]) -> None:
    """Publish as a service would that has much to say: JSON lines to `millrace publish KIND -`."""
    lines = "\n".join(json.dumps(payload) for payload in payloads)
    command = [sys.executable, "-m", "producers.cli", "publish", kind, "-", "--json"]
    ran = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise Failed(f"millrace publish {kind} -: {ran.stderr.strip()}")


def observed(stack: Stack) -> str:
    """Publish observations and wait until each is a row."""
    today = datetime.now(UTC)
    marker = f"demo-{today.timestamp():.0f}"
    publish_many(
        "price.observed",
        [
            {
                "observations": [
                    {
                        "set_number": FIGURE,
                        "condition": "USED",
                        "source": "demo",
                        "item_id": f"{marker}-{number}",
                        "price": f"{5 + number % 20}.50",
                        "currency": "EUR",
                    }
                ]
            }
            for number in range(OBSERVED)
        ],
    )
    stack.wait(
        "SELECT 1 FROM price_listings WHERE source = 'demo' AND item_id LIKE %s HAVING count(*) = %s",
        f"{marker}-%",
        OBSERVED,
    )
    row = stack.one(
        "SELECT extract(epoch FROM max(finished_at) - min(started_at)) AS seconds FROM sync_log"
        " WHERE kind = 'price.observed' AND started_at >= %s",
        today,
    )
    seconds = float(row["seconds"]) if row else 0.0
    return f"{OBSERVED:,} rows, {OBSERVED / max(seconds, 0.001):,.0f} a second"


def snapshots(stack: Stack) -> str:
    """Compute today's snapshots, then those of the week before, a message for each day."""
    today = datetime.now(UTC).date()
    day = stack.done(millrace("publish", "aggregation.snapshots.daily", f"target_date={today}")["message_id"])["result"]
    first = f"start_date={today - timedelta(days=7)}"
    backfill = millrace("publish", "aggregation.snapshots.backfill", first, f"end_date={today - timedelta(days=1)}")
    row = stack.wait(
        "SELECT end_date - start_date + 1 AS days FROM backfills WHERE id = %s AND state = 'finished'",
        backfill["message_id"],
    )
    return f"{day['snapshots']} snapshots of today; {row['days']} days filled in"


def discounts(stack: Stack) -> str:
    """Take stock in, and have its discounts computed."""
    today = datetime.now(UTC).date()
    publish_many(
        "price.batch.received",
        [
            {
                "sku": f"YOG-{number % 10}",
                "lot": f"L{number}",
                "expires_on": str(today + timedelta(days=number)),
                "quantity": 40,
                "base_price": "1.29",
                "currency": "EUR",
            }
            for number in range(BATCHES)
        ],
    )
    stack.wait("SELECT 1 FROM batches HAVING count(*) >= %s", BATCHES)
    url = "/api/v1/admin/discounts/trigger-recompute?days_threshold=30&async_task=false"
    answer = stack.api.post(url, headers=stack.admin).raise_for_status()
    found = stack.api.get("/discounts?limit=1").raise_for_status().json()["discounts"]
    if not found:
        raise Failed(f"no discount after {answer.text}")
    soonest = found[0]
    return f"{BATCHES} batches; {soonest['sku']} of {soonest['expires_on']}: {soonest['percent']} % off"


def upkeep(stack: Stack) -> str:
    """Count what is held, and look whether all is well."""
    stack.done(millrace("publish", "aggregation.statistics")["message_id"])
    told = stack.api.get("/statistics").raise_for_status().json()
    health = stack.done(millrace("publish", "maintenance.health")["message_id"])["result"]
    totals = {name: told["totals"][name] for name in ("series", "people", "listings", "minifigures")}
    return f"{totals}; health: {health['state']}"


def schedules(_stack: Stack) -> str:
    """Show when what is due."""
    listed = [one for one in millrace("schedules", "list") if one["next_due_at"]]
    if not listed:
        raise Failed("no schedule")
    listed.sort(key=lambda one: one["next_due_at"])
    return "; ".join(f"{one['name']} {one['next_due_at'][:16]}" for one in listed[:3]) + f"; {len(listed)} in all"
