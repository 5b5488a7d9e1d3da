"""An answer that lacks most of what is held is refused until somebody says that it is right."""

from __future__ import annotations

import pytest

from shared.contracts.screen import SaveSeries
from shared.errors import UpstreamAway
from tests.integration.ingestion.conftest import Pool

BREAKING_BAD = 81189
THIN = {"path": "/tvdb/*", "thin": True}


def test_a_series_that_lost_most_of_its_parts_is_stored_when_somebody_believes_it(pool: Pool) -> None:
    episodes = "SELECT count(*) FROM episodes"
    pool.handle(SaveSeries(tvdb_id=BREAKING_BAD))
    before = pool.sql(episodes)

    with pytest.raises(UpstreamAway, match="ask again with believe: true"):
        pool.handle(SaveSeries(tvdb_id=BREAKING_BAD), THIN)
    assert pool.sql(episodes) == before

    pool.handle(SaveSeries(tvdb_id=BREAKING_BAD, believe=True), THIN)
    assert pool.sql(episodes)[0]["count"] < before[0]["count"] / 2
