"""Prometheus: what it scrapes (`prometheus.yml`), what it reckons and when it calls (`rules/`).

`tools` gets the program, `scraping` says what of the local stack it reads, `private` runs one on loopback, and
`python -m deploy.prometheus` does all three.
"""
