"""A message on its whole way with every connection encrypted, and nobody talked to whose certificate is not right."""

from __future__ import annotations

import os
import re
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from typer.testing import CliRunner, Result

from deploy.local import rabbitmq, source
from deploy.local.home import Home
from deploy.local.ports import free_port
from deploy.local.postgres import PORT, Database, socket_folder
from deploy.local.progress import Progress
from deploy.local.rabbitmq import Broker
from producers.cli.root import app
from shared.broker import declare, tls
from shared.settings import Settings
from tests import services
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.tls import Papers, a_door, papers

TOKEN = "let-me-in"

ANOTHER = "127.0.0.2"
"""Another name of this machine, which its certificate does not have. Kombu takes `localhost` for 127.0.0.1."""

SERIES = 81189


class Encrypted(Stack):
    """A line of which every connection is encrypted."""

    papers: Papers
    management_url: str

    def environment(self) -> dict[str, str]:
        """Add what is needed to believe the broker's certificate."""
        return {
            **super().environment(),
            "RABBITMQ_CA_FILE": str(self.papers.authority),
            "RABBITMQ_MANAGEMENT_URL": self.management_url,
            "MILLRACE_ADMIN_TOKEN": TOKEN,
        }

    def run_command(self, *words: str, **environment: str) -> Result:
        return CliRunner().invoke(app, words, env={**self.environment(), **environment}, prog_name="millrace")


@pytest.fixture(scope="module")
def line(database: Database, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    """Start a broker with doors for TLS alone, PostgreSQL behind another, and the line."""
    folder = tmp_path_factory.mktemp("tls")
    made = papers(folder)
    with services.a_folder() as home, services.a_clone(database, template) as plain:
        home.chmod(0o755)
        identity = rabbitmq.new_identity()
        doors = {"amqps": free_port(), "https": free_port()}
        (home / "conf.d").mkdir()
        files = {"cacertfile": made.authority, "certfile": made.certificate, "keyfile": made.key}
        (home / "conf.d" / "90-tls.conf").write_text(
            f"listeners.ssl.1 = 127.0.0.1:{doors['amqps']}\nlisteners.ssl.2 = {ANOTHER}:{doors['amqps']}\n"
            + "".join(f"ssl_options.{word} = {file}\n" for word, file in files.items())
            + f"management.ssl.ip = 127.0.0.1\nmanagement.ssl.port = {doors['https']}\n"
            + "".join(f"management.ssl.{word} = {file}\n" for word, file in files.items())
        )
        environment = {**os.environ, "RABBITMQ_CONFIG_FILES": str(home / "conf.d")}
        origin = source.find_or_install(Progress(Home()))
        broker = Broker(home / "rabbitmq", identity, origin.program(home / "rabbitmq", identity, environment))
        server = socket_folder(Path(urlsplit(plain).query.removeprefix("host=")).parent) / f".s.PGSQL.{PORT}"
        with a_door(server, made) as port:
            broker.start()
            account, _, place = identity.url.partition("://")[2].partition("@")
            amqps = f"amqps://{account}@127.0.0.1:{doors['amqps']}/{place.partition('/')[2]}"
            user = urlsplit(plain).netloc.rpartition("@")[0]
            name = urlsplit(plain).path
            secure = f"postgresql://{user}@127.0.0.1:{port}{name}?sslmode=verify-full&sslrootcert={quote(str(made.authority))}"
            stack = Encrypted(broker, database, amqps, secure, folder)
            stack.papers = made
            stack.management_url = f"https://{account}@127.0.0.1:{doors['https']}"
            try:
                declare.apply(tls.named(amqps, {tls.AUTHORITY: str(made.authority)}))
                yield stack
            finally:
                stack.stop()
                broker.kill()


def test_a_message_on_its_whole_way_is_never_in_the_clear(line: Encrypted) -> None:
    line.sandbox()
    line.relay()
    worker = line.worker("content", concurrency=1, app="consumers.app")
    port = free_port()
    words = ("--certificate", str(line.papers.certificate), "--key", str(line.papers.key), "--port", str(port))
    trust = ssl.create_default_context(cafile=line.papers.authority)
    with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trust) as client:

        def answers(_: Running) -> bool:
            try:
                return client.get("/ready").is_success
            except httpx.TransportError:
                return False

        line.start("api", sys.executable, "-m", "producers.cli", "api", *words, ready=answers)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        asked = client.post("/v1/messages/scrape.series.save", json={"tvdb_id": SERIES}, headers=headers)

    assert asked.status_code == 202, asked.text
    assert asked.headers["strict-transport-security"]
    assert line.ended(asked.json()["message_id"], within=60)["status"] == "succeeded"
    assert worker.alive()
    with httpx.Client(base_url=line.broker.management_url, timeout=10) as client:

        def encrypted() -> list[bool]:
            return [one["ssl"] for one in client.get("/api/connections").raise_for_status().json() if "ssl" in one]

        assert set(eventually(encrypted, what="the connections")) == {True}
    assert line.run_command("topology", "check").exit_code == 0


WRONG_NAME, STRANGER = "the host must be one that it names", "the authority must be known"


@pytest.mark.parametrize("wrong", [WRONG_NAME, STRANGER])
@pytest.mark.parametrize(
    "words",
    [
        ("topology", "apply"),
        ("publish", "scrape.series.save", "tvdb_id=1", "--timeout", "2"),
        ("topology", "check"),
        ("users", "list"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_certificate_that_is_not_right_is_refused_and_explained(
    line: Encrypted, words: tuple[str, ...], wrong: str
) -> None:
    names = ("RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL", "DATABASE_URL")
    told = {name: line.environment()[name] for name in names}
    if wrong == STRANGER:
        told["RABBITMQ_CA_FILE"] = str(line.papers.stranger)
        told["DATABASE_URL"] = told["DATABASE_URL"].replace(
            quote(str(line.papers.authority)), str(line.papers.stranger)
        )
    else:
        told = {name: address.replace("@127.0.0.1:", "@localhost:") for name, address in told.items()}

    refused = line.run_command(*words, **told)

    assert refused.exit_code == 1, refused.output
    assert "the host of the address must be one that the certificate names" in refused.stderr
    assert "Traceback" not in refused.output


def test_celery_looks_at_certificates_and_holds_each_host_to_its_own_name(line: Encrypted) -> None:
    def connect(url: str, authority: Path) -> None:
        settings = Settings(RABBITMQ_URL=url, RABBITMQ_CA_FILE=authority)
        client = Celery("test", set_as_current=False, fixups=[])
        client.conf.update(tls.for_kombu(settings.rabbitmq_url.get_secret_value()))
        with closing(client.connection_for_write(connect_timeout=5)) as connection:
            connection.ensure_connection(max_retries=2, interval_start=0.1, interval_max=0.1, timeout=20)

    other = line.rabbitmq_url.replace("@127.0.0.1:", f"@{ANOTHER}:")
    connect(line.rabbitmq_url, line.papers.authority)
    # The first is refused for its name; the second is not taken for the first.
    connect(f"{other};{line.rabbitmq_url}", line.papers.authority)
    with pytest.raises(OperationalError, match=re.escape(f"is not valid for '{ANOTHER}'")):
        connect(other, line.papers.authority)
    with pytest.raises(OperationalError, match="certificate verify failed"):
        connect(line.rabbitmq_url, line.papers.stranger)


def test_an_address_in_the_clear_is_refused_where_an_authority_is_named(line: Encrypted) -> None:
    refused = line.run_command("topology", "apply", RABBITMQ_URL=line.broker.url)

    assert refused.exit_code == 2
    assert "RABBITMQ_URL: must begin with amqps://" in refused.stderr
