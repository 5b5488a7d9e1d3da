"""The command `millrace`: everything an operator does, as one file per group of commands."""


def main() -> None:
    """Run the command line; the entry point that packaging knows."""
    from producers.cli.root import app  # noqa: PLC0415 - importing the package must stay free

    app(prog_name="millrace")
