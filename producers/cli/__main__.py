"""`python -m producers.cli` is `millrace`, for a checkout that is not installed."""

from producers.cli import main

main()
