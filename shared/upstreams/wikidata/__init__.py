"""Wikidata's query service: which films and series are based on which books. Nothing else knows its properties."""

from shared.upstreams.wikidata.bindings import Row
from shared.upstreams.wikidata.client import Wikidata, open_wikidata
from shared.upstreams.wikidata.records import Problem, read_adaptations

__all__ = ["Problem", "Row", "Wikidata", "open_wikidata", "read_adaptations"]
