"""Pages made of templates: the filters they use, and what every page is given."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from shared import clock
from shared.maintenance.report import span
from shared.version import VERSION

NAVIGATION: Final = (
    ("/", "Overview"),
    ("/dead-letters", "Dead letters"),
    ("/schedules", "Schedules"),
    ("/upstreams", "Upstreams"),
    ("/messages", "Run log"),
)

NOTES: Final = {
    "replayed": "On its way back to the queue that failed. It keeps its id, so its effect still counts once.",
    "enabled": "Enabled. The clock counts from now on.",
    "disabled": "Disabled. It fires no more until somebody enables it.",
    "asked": "Asked for. The relay publishes it within a second, or as soon as the broker is there.",
}
"""What is said after something was done; a page's address names one of these, and nothing else is ever shown."""


def page(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """Return a page."""
    root = request.scope["root_path"]
    text = (
        _templates()
        .get_template(template)
        .render(
            root=root,
            here=request.url.path.removeprefix(root) or "/",
            visitor=getattr(request.state, "visitor", None),
            note=NOTES.get(request.query_params.get("note", "")),
            navigation=NAVIGATION,
            version=VERSION,
            **values,
        )
    )
    return HTMLResponse(text, status, headers)


@functools.cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ago": ago, "span": span, "number": number, "pretty": pretty}
    return environment


def ago(moment: datetime | str | None) -> Markup:
    """Return how long ago a moment was, or how far ahead it is, with the moment itself for whoever points at it."""
    if moment is None:
        return Markup('<span class="nothing">never</span>')
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    moment = moment.astimezone(UTC)
    seconds = (clock.now() - moment).total_seconds()
    said = f"{span(seconds)} ago" if seconds >= 0 else f"in {span(-seconds)}"
    return Markup('<time datetime="{0}" title="{1} UTC">{2}</time>').format(
        moment.isoformat(timespec="seconds"), moment.strftime("%Y-%m-%d %H:%M:%S"), said
    )


def number(value: float | None) -> Markup | str:
    """Return a number with its thousands apart, or a sign for one that nobody knows."""
    if value is None:
        return Markup('<span class="nothing" title="not known">?</span>')
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def pretty(value: Any) -> str:
    """Return JSON, or the text of it, so that it can be read; any other text as it is."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
