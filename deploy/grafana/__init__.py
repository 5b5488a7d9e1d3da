"""Grafana: dashboards as code, committed as JSON, and the files that put them there.

Each dashboard has a module with a function of its own; `boards` lists them, `panels` is what they are made of, and
`python -m deploy.grafana` writes `dashboards/`. `reading` takes the committed JSON apart again, for the renderer
(`python -m deploy.grafana.render`) and for tests.
"""
