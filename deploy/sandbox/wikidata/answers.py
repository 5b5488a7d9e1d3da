"""The forms of the query service's answers: results, and its several ways to fail."""

from __future__ import annotations

import json
from collections.abc import Sequence

from deploy.sandbox.standin import Answer
from deploy.sandbox.wikidata.answering import Row

RESULTS = "application/sparql-results+json;charset=utf-8"
TEXT = "text/plain;charset=utf-8"
HTML = "text/html;charset=utf-8"
RETRY_AFTER = 3

PAGE = """<html>
<head>
<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
<title>Error {status} {why}</title>
</head>
<body><h2>HTTP ERROR {status}</h2>
<p>Problem accessing /bigdata/namespace/wdq/sparql. Reason:
<pre>    {why}</pre></p>
</body>
</html>
"""
TRACE = """SPARQL-QUERY: queryStr={query}

{error}
\tat java.util.concurrent.FutureTask.get(FutureTask.java:205)
\tat com.bigdata.rdf.sail.webapp.BigdataServlet.submitApiTask(BigdataServlet.java:292)
\tat com.bigdata.rdf.sail.webapp.QueryServlet.doSparqlQuery(QueryServlet.java:678)
"""
TIMEOUT = "java.util.concurrent.TimeoutException"
MALFORMED = (
    "java.util.concurrent.ExecutionException: org.openrdf.query.MalformedQueryException: "
    "the sandbox knows four queries, and this is none of them"
)
BEGINNING = b"""{
  "head" : {
    "vars" : [ "work", "source" ]
  },
  "results" : {
    "bindings" : [ {
      "work" : {
        "type" : "uri",
        "val"""
"""An answer up to where its query ran out of time."""
SOME_QUERY = "SELECT ?work ?source WHERE { ?work wdt:P144 ?source }"


def results(variables: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Return results in the service's own layout."""
    body = {"head": {"vars": list(variables)}, "results": {"bindings": list(rows)}}
    return json.dumps(body, ensure_ascii=False, indent=2, separators=(",", " : ")).encode()


def malformed(query: str) -> Answer:
    """Return the refusal of a query that cannot be parsed."""
    return Answer(400, TRACE.format(query=query, error=MALFORMED).encode(), TEXT)


def no_agent() -> Answer:
    """Return the refusal of a client that does not say who it is."""
    why = "Please set a user-agent that says who you are, with a contact, and respect our robot policy."
    return Answer(403, why.encode(), TEXT)


def too_many(seconds: int = RETRY_AFTER) -> Answer:
    """Return the refusal of a client that asks too fast."""
    why = f"Too Many Requests - Please retry in {seconds} seconds."
    return Answer(429, PAGE.format(status=429, why=why).encode(), HTML, {"retry-after": str(seconds)})


def failure(_path: str, status: int) -> Answer:
    """Return how the service words a failure that a fault asks for.

    500 and 504 are a query that ran out of time before its answer began; 200 is one that ran out of time after.
    """
    trace = TRACE.format(query=SOME_QUERY, error=TIMEOUT)
    if status in {500, 504}:
        return Answer(status, trace.encode(), TEXT)
    if status == 200:  # noqa: PLR2004
        return Answer(status, BEGINNING + trace.encode(), RESULTS)
    if status == 429:  # noqa: PLR2004
        return too_many()
    if status == 403:  # noqa: PLR2004
        return no_agent()
    if status == 400:  # noqa: PLR2004
        return malformed(SOME_QUERY)
    return Answer(status, PAGE.format(status=status, why="Service Unavailable").encode(), HTML)


def followed_by_failure(body: bytes) -> bytes:
    """Return an answer that looks whole, followed by the words of a query that ran out of time."""
    return body + TRACE.format(query=SOME_QUERY, error=TIMEOUT).encode()
