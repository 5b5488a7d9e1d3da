"""Errors travel from a pool process to its worker, and on to whoever looks."""

from __future__ import annotations

import pickle

from shared import errors


def test_an_error_is_the_same_after_travelling_between_processes() -> None:
    for error in (
        errors.UpstreamGone("tvdb", "series 1"),
        errors.UpstreamAway("tvdb", "503", 7.0, 503, b"busy"),
        errors.ContractViolation("scrape.series.save", ["tvdb_id: missing"]),
        errors.MissingSetting("TVDB_API_KEY", "nothing is fetched without"),
    ):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        assert type(again) is type(error)
        assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))
