"""Whatever the console has is in the table, with the role that the API wants for the same."""

from __future__ import annotations

from tests.unit.api import access as api
from tests.unit.console.access import FORMS, IN_API, NEEDS, PUBLIC, ROUTES


def test_every_page_and_form_is_either_public_or_in_the_table() -> None:
    assert set(ROUTES) == PUBLIC | NEEDS.keys(), "write into tests/unit/console/access.py who may use it"
    assert not PUBLIC & NEEDS.keys()


def test_every_form_needs_what_the_api_wants_for_the_same() -> None:
    assert set(FORMS) == IN_API.keys()
    assert {form: api.NEEDS[route] for form, route in IN_API.items()} == {form: NEEDS[form] for form in FORMS}
