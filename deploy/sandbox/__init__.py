"""Stand-in upstreams: one program that answers like the services Millrace fetches from.

    python -m deploy.sandbox --port 8099
    TVDB_URL=http://127.0.0.1:8099/tvdb/v4  TVDB_API_KEY=<deploy.sandbox.options.API_KEY>

Each upstream lives under its own prefix and is one module with a `build(options, clock)` that returns a
`Standin`; `app.STANDINS` lists them. In front of all of them stand, in this order:

* the journal: every request is noted, with the busiest second of each upstream and how many were open at once
  on each path; a path that `open_at_once_by_path` does not name never had two
  (`GET /control/requests?path=GLOB&limit=N`, `DELETE /control/requests`);
* the faults: what an operator or a test asked to go wrong; the client under test is never touched
  (`POST /control/faults`, `GET`, `DELETE`, `DELETE /control/faults/ID`). Three times 429, then one answer cut short:

    {"path": "/tvdb/v4/series/*/extended", "status": 429, "headers": {"Retry-After": "7"}, "times": 3}
    {"path": "/tvdb/v4/series/*/extended", "truncate": 200, "times": 1}

  path is a glob; method, query, times, skip and every choose the requests; delay_seconds, status, headers, body,
  content_type, keep_body, thin, truncate and cut say what happens (`faults.Fault` explains each);
* the upstream itself: recorded answers first, then the shipped catalogue and generated series.

`GET /health` says that it is up; `DELETE /control/tokens` ends every login given so far, as an upstream does when
it restarts; `GET /control/recordings` shows which recorded file answers which request.

What is on at the invented venues (vanwezel, mote, feeds) comes round again and again, so that some of it is always
to come: `GET /control/programmes/NAME` lists it, `PUT /control/programmes/NAME/KEY?days=2&title=...` puts an evening
off or renames it, `DELETE` takes it off, and `DELETE /control/programmes/NAME` takes every change back.
`PUT /feeds/anything.ics` puts a feed of one's own there.
"""
