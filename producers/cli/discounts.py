"""`millrace discounts`: what is discounted, and which discount is given to whom; straight from the database."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from producers.cli.failures import FAILED, Failure
from producers.cli.output import AsJson, print_json, print_table
from producers.cli.registry import rows, transaction
from shared import clock
from shared.catalog.discounts import store, views
from shared.catalog.discounts.rules import CENT, Floor, Tier

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What is discounted because it expires soon, and by how much."
)


def _number(text: str) -> Decimal:
    """Return a number with two digits at most behind the point."""
    try:
        number = Decimal(text)
        exact = number.is_finite() and number >= 0 and number == number.quantize(CENT)
    except InvalidOperation:
        exact = False
    if not exact:
        raise typer.BadParameter(f"{text!r} is no number of at least 0 with two digits at most behind the point")
    return number


def _percent(text: str) -> Decimal:
    number = _number(text)
    if number > 100:  # noqa: PLR2004 - percent
        raise typer.BadParameter(f"{text} is more than 100 percent")
    return number


def _price(text: str) -> Decimal:
    number = _number(text)
    if number >= 10**10:
        raise typer.BadParameter(f"{text} is more than any price")
    return number


DaysLeft = Annotated[int, typer.Argument(min=0, max=3650, help="For what has so many days left, or fewer.")]
MinQuantity = Annotated[
    int, typer.Option("--min-quantity", min=0, max=2**31 - 1, help="Only for what has so many in stock, or more.")
]


@app.command("list")
def list_discounts(
    *,
    sku: Annotated[str | None, typer.Option(help="Of this product only.")] = None,
    currency: Annotated[str | None, typer.Option(help="Priced in this currency only, such as EUR.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Batches at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what is discounted today, the soonest expiry first."""
    place = (None, None, None)
    values = (clock.now().date(), sku, None if currency is None else currency.upper(), *place, limit)
    with transaction() as connection:
        found = _told(connection, views.DISCOUNTS, *values)
    if as_json:
        print_json(found)
        return
    print_table(
        ("sku", "lot", "name", "expires", "days", "stock", "off", "price", "instead of"),
        [
            (
                one["sku"],
                one["lot"],
                one["name"],
                one["expires_on"],
                one["days_left"],
                one["quantity"],
                f"{one['percent']:g} %",
                f"{one['price']:.2f} {one['currency']}",
                f"{one['base_price']:.2f}",
            )
            for one in found
        ],
    )
    if not found:
        typer.echo("nothing is; millrace publish price.discounts.recompute looks again", err=True)
    elif len(found) == limit:
        typer.echo(f"the first {limit}; --limit shows more", err=True)


@app.command()
def tiers(*, as_json: AsJson = False) -> None:
    """Show which discount is given to whom."""
    with transaction() as connection:
        _show(connection, as_json)


@app.command("set-tier")
def set_tier(
    days_left: DaysLeft,
    percent: Annotated[Decimal, typer.Argument(parser=_percent, metavar="PERCENT", help="Off the base price.")],
    *,
    min_quantity: MinQuantity = 0,
    as_json: AsJson = False,
) -> None:
    """Add a tier, or give the one with the same days and stock another percentage.

    It counts from the next recomputation on, which is every hour: millrace publish price.discounts.recompute
    """
    with transaction() as connection:
        store.set_tiers(connection, [Tier(days_left, percent, min_quantity)])
        _show(connection, as_json)


@app.command("remove-tier")
def remove_tier(days_left: DaysLeft, *, min_quantity: MinQuantity = 0, as_json: AsJson = False) -> None:
    """Remove a tier; what it gave ends with the next recomputation."""
    with transaction() as connection:
        if not store.remove_tier(connection, days_left, min_quantity):
            what = f"for {days_left} days" + (f" and {min_quantity} in stock" if min_quantity else "")
            raise Failure(f"there is no tier {what}", "millrace discounts tiers", FAILED)
        _show(connection, as_json)


@app.command("set-floor")
def set_floor(
    *,
    percent: Annotated[
        Decimal | None, typer.Option(parser=_percent, metavar="PERCENT", help="Of the base price.")
    ] = None,
    price: Annotated[
        Decimal | None, typer.Option(parser=_price, metavar="PRICE", help="In whatever currency a batch is priced.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set what no discount goes below; what is left out stays as it is."""
    with transaction() as connection:
        floor = store.terms(connection).floor
        store.set_floor(
            connection, Floor(floor.percent if percent is None else percent, floor.price if price is None else price)
        )
        _show(connection, as_json)


def _show(connection: Connection, as_json: bool) -> None:
    (found,) = _told(connection, views.TIERS)
    if as_json:
        print_json(found)
        return
    print_table(
        ("days left", "in stock", "off"),
        [
            (f"{one['days_left']} or fewer", f"{one['min_quantity']} or more", f"{one['percent']:g} %")
            for one in found["tiers"]
        ],
    )
    floor = found["floor"]
    typer.echo(
        f"the largest counts, but no price is below {floor['percent']:g} % of the base price, nor {floor['price']:.2f}"
    )


def _told(connection: Connection, statement: str, *values: object) -> list[Any]:
    """Return the JSON that each row of a view has as its last column."""
    return [json.loads(row[-1]) for row in rows(connection, statement, *values)]
