"""The catalogue's pages as those who read them describe them: cards of figures, and a challenge before them."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from deploy.sandbox.standin import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from deploy.sandbox.brickset.catalogue import Figure

CARDS = 12
"""Cards on a page; fewer than on a true one, so that a small catalogue has several."""

CHALLENGED = {403: "Attention Required! | Cloudflare", 503: "Just a moment...", 200: "Just a moment..."}

PATH = re.compile(r"(?:category-(?P<category>[^/]+))?/?(?:year-(?P<year>\d+))?/?(?:page-(?P<page>\d+))?")

PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>LEGO minifigs | {title} | Brickset</title></head><body>
<script>window.__CF$cv$params={{}};var s='/cdn-cgi/challenge-platform/scripts/jsd/main.js';</script>
<img src="/assets/images/rlfm-white-logo.png">
<section class="setlist">{cards}</section>
<div class="pagination"><ul>{links}</ul></div>
</body></html>"""

CARD = """<article class="set"><a class="highslide plain mainimg" href="{image}"><img src="{image}"
 title="{upper}: {name}" onError="this.src='/assets/images/spacer2.png'"></a>
<div class="meta"><h1><a href="/minifigs/{number}/{slug}"><span>{upper}: </span> {name}</a></h1>
<div class="tags"><a href="/minifigs/{number}/{slug}">{upper}</a> <a href="/minifigs/category-{theme}">{category}</a>
 <a class="subtheme" href="/minifigs/category-{theme}/subcategory-{sub}">{subcategory}</a>
 <a class="year" href="/minifigs/category-{theme}/year-{year}">{year}</a></div>
<div class="col"><dl><dt>Appears In</dt>
<dd><a class="plain" href="/sets/containing-minifig-{number}">{sets} sets</a></dd>
<dt>Value new</dt><dd><a class="plain" href="https://www.bricklink.com/v2/catalog/catalogitem.page?M={number}">
~$12.34</a></dd>
</dl></div></div></article>"""


def shown(figures: Sequence[Figure], path: str) -> Response:
    """Return one page. Like the true catalogue it repeats cards: each page but the first begins with the last one's."""
    asked = PATH.fullmatch(path.strip("/"))
    if not path or asked is None:
        return HTMLResponse("<h1>Page not found</h1>", 404)
    category, year, page = asked["category"], asked["year"], int(asked["page"] or 1)
    rows = [one for one in figures if _fits(one, category, year)]
    cards = "".join(_card(one) for one in rows[max((page - 1) * CARDS - 1, 0) : page * CARDS])
    more = page * CARDS < len(rows)
    here = re.sub(r"/?page-\d+$", "", path.strip("/"))
    link = f'<li class="next"><a href="https://brickset.com/minifigs/{here}/page-{page + 1}">&#8250;</a></li>'
    beyond = (page - 1) * CARDS >= len(rows)
    return HTMLResponse(
        PAGE.format(title=escape(here), cards="" if beyond else cards, links=link if more else "<li>&#8250;</li>")
    )


def challenge(status: int) -> Answer:
    """Return the page that asks its visitor to prove to be a person."""
    html = (
        f'<!DOCTYPE html><html lang="en-US"><head><title>{CHALLENGED[status]}</title></head><body>'
        '<div class="main-wrapper"><h1>brickset.com</h1><p>Verify you are human by completing the action below.</p>'
        '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></div></body></html>'
    )
    return Answer(status, html.encode(), "text/html", {"cf-mitigated": "challenge"})


def slug(name: str) -> str:
    """Return a name as it stands in an address."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def _fits(one: Figure, category: str | None, year: str | None) -> bool:
    return category in {None, slug(one.category)} and year in {None, str(one.year)}


def _card(one: Figure) -> str:
    return CARD.format(
        number=one.number,
        upper=one.number.upper(),
        name=escape(one.name),
        slug=slug(one.name).lower(),
        image=f"https://img.bricklink.com/ItemImage/MN/0/{one.number}.png",
        category=escape(one.category),
        theme=slug(one.category),
        subcategory=escape(one.subcategory),
        sub=slug(one.subcategory),
        year=one.year,
        sets=one.in_sets,
    )
