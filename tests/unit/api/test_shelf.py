"""The shelf in memory keeps the rules of the real one, so what is tested with it holds."""

from __future__ import annotations

import pytest

from tests.unit.api.fakes import MemoryShelf
from tests.unit.api.shelf_rules import ShelfRules

pytestmark = pytest.mark.anyio


class TestMemoryShelf(ShelfRules):
    @pytest.fixture
    def shelf(self) -> MemoryShelf:
        return MemoryShelf()
