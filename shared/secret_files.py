"""Secrets from files: where a secret setting is read from `X`, the variable `X_FILE` may name a file that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

SUFFIX = "_FILE"


def secret_variables(fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    """Yield the variables of the settings that are secret strings."""
    for field in fields.values():
        if isinstance(field.validation_alias, str) and _is_secret(field.annotation):
            yield field.validation_alias


def from_files(fields: Mapping[str, FieldInfo], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the secrets that `environment` names files for, by variable; the line's end at a file's end is no part.

    Raises pydantic's ValidationError, with the name of the variable at fault and no content.
    """
    found: dict[str, Any] = {}
    problems: list[InitErrorDetails] = []
    for variable in secret_variables(fields):
        path = environment.get(variable + SUFFIX)
        if not path:
            continue
        if environment.get(variable):
            problems.append(_problem(variable, f"{variable} is set as well; give one of them"))
            continue
        try:
            found[variable] = read_secret(Path(path))
        except ValueError as error:
            problems.append(_problem(variable, str(error)))
    if problems:
        raise ValidationError.from_exception_data("Settings", problems, hide_input=True)
    return found


def read_secret(file: Path) -> str:
    """Return what a file holds; raises ValueError, which says how to go on and quotes nothing of it."""
    try:
        text = file.read_text("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{file} is no text in UTF-8") from None
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    if not text:
        raise ValueError(f"{file} is empty")
    return text


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    draft = file.with_name(f"{file.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_text(text, "utf-8")
    draft.replace(file)


def _problem(variable: str, said: str) -> InitErrorDetails:
    error = PydanticCustomError("secret_file", "{said}", {"said": said})
    return InitErrorDetails(type=error, loc=(variable + SUFFIX,), input=None)


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_is_secret(part) for part in get_args(annotation))
