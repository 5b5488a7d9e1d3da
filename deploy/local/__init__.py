"""The local stack: `make up`, `make down`, `make demo`, and the services that tests run on.

`stack` brings it up and down and waits; `supervisor` is the one process that starts, watches and ends the programs,
a `keeper` for each; `programs` is the table of them; `rabbitmq` and `postgres` are the two that come from elsewhere.
"""
