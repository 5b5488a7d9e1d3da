"""What stands after `millrace` somewhere, read by the real command line as far as that can be done without doing it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from producers.cli.root import app

UsageError: Any = typer.BadParameter.__base__
"""What typer raises for words it does not know; it has no public name for it."""

PLACEHOLDER = re.compile(r"[A-Z][A-Z_]*|…|\.\.\.")
"""A word that stands for another one: ID, NAME, `…`."""


def parse(words: Sequence[str], *, whole: bool = True) -> Any:
    """Return the context of a command; raises UsageError for words that it does not know.

    With `whole` false the words may end early, as in a sentence that names `millrace pool scale`.
    """
    command: Any = get_command(app)
    context: Any = None
    name: str | None = "millrace"
    rest = list(words)
    while True:
        if not rest and not whole:
            return context
        context = command.make_context(name, rest, parent=context)
        command = context.command
        if not isinstance(command, TyperGroup):
            return context
        rest = [*context._protected_args, *context.args]
        if not rest and not whole:
            return context
        name, command, rest = command.resolve_command(context, rest)
        if not whole and not isinstance(command, TyperGroup) and not rest:
            return context


def commands(page: str) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the words after `millrace` in a page of Markdown, and whether they are a whole command.

    Whole are those in a block of code; those in a sentence may be the name of a command only.
    """
    blocks = re.findall(r"^```(?:console|sh|bash|shell)\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            for found in _in_line(line.removeprefix("$ ")):
                yield found, True
    sentences = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    for span in re.findall(r"`(millrace [^`]+)`", sentences):
        if not span.startswith("millrace …"):
            for found in _in_line(" ".join(span.split())):
                yield found, False


def _in_line(line: str) -> Iterator[tuple[str, ...]]:
    """Yield each command of a line of shell, directly or by way of compose's operator."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, "#"
    part: list[str] = []
    for word in [*lexer, ";"]:
        if word and set(word) <= set(";|&<>()"):
            if found := _ours(part):
                yield found
            part = []
        else:
            # A number is what most of them could be.
            part.append("1" if PLACEHOLDER.fullmatch(word) else word)


def _ours(part: Sequence[str]) -> tuple[str, ...] | None:
    words = list(part)
    while words and (re.fullmatch(r"[A-Z_]+=.*", words[0]) or words[0] == "time"):
        words = words[1:]
    if words[:1] == ["millrace"]:
        return tuple(words[1:])
    if words[:2] == ["docker", "compose"] and "operator" in words:
        return tuple(words[words.index("operator") + 1 :])
    if words[:1] == ["kubectl"] and "millrace" in words and "--" in words:
        return tuple(words[words.index("--") + 2 :])
    return None
