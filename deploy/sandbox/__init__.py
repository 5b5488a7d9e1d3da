"""Stand-in upstreams: one program that answers like the services Millrace fetches from.

    python -m deploy.sandbox --port 8099
    TVDB_URL=http://127.0.0.1:8099/tvdb/v4  TVDB_API_KEY=<deploy.sandbox.options.API_KEY>

Each upstream lives under its own prefix and is one module with a `build(options, clock)` that returns a
`Standin`; `app.STANDINS` lists them. In front of all of them stand, in this order:

* the journal: every request is noted, with the busiest second of each upstream and how many were open at once
  on each path (`GET /control/requests`, `DELETE /control/requests`);
* the faults: what an operator or a test asked to go wrong (`POST /control/faults`, `GET`, `DELETE`; see
  `faults.Fault` for the fields). The client under test is never touched;
* the upstream itself: recorded answers first, then the shipped catalogue and generated series.

`GET /health` says that it is up; `DELETE /control/tokens` ends every login given so far, as an upstream does when
it restarts; `GET /control/recordings` shows which recorded file answers which request.
"""
