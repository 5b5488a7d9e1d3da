"""Every setting of every Millrace process, read once from the environment at the process's edge."""

from __future__ import annotations

import os
import re
import socket
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, FilePath, PositiveFloat, PositiveInt, SecretStr, ValidationInfo
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from shared.broker import addresses, tls
from shared.secret_files import from_files

BAD_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")


SHORTEST_SECRET: Final = 32
"""Characters of a secret that signs."""

_TLS: Final = {
    tls.AUTHORITY: "rabbitmq_ca_file",
    tls.CERTIFICATE: "rabbitmq_certificate_file",
    tls.KEY: "rabbitmq_key_file",
}
"""The settings whose files encrypted addresses take up."""


def _addresses(*schemes: str) -> AfterValidator:
    """Return the check that an address, or each of several, begins as one of its kind does.

    Libraries say less when it does not. Several are of one virtual host, spoken to in one way.
    """

    def check(value: SecretStr, info: ValidationInfo) -> SecretStr:
        urls = addresses.split(value.get_secret_value())
        found = [urlsplit(url) for url in urls]
        for parts in found:
            if parts.scheme not in schemes or not parts.hostname:
                raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)} and a host")
            _ = parts.port  # raises ValueError when it is no number
        if len({(parts.scheme, parts.path.rstrip("/")) for parts in found}) != 1:
            raise ValueError("must be one address, or several of the same virtual host, all with TLS or all without")
        given = {word: info.data.get(field) for word, field in _TLS.items()}
        named = {word: str(file) for word, file in given.items() if file is not None}
        if named and found[0].scheme == "amqp":
            raise ValueError("must begin with amqps:// where RABBITMQ_CA_FILE or RABBITMQ_CERTIFICATE_FILE is set")
        # Without the spaces that kombu would stumble over.
        return SecretStr(addresses.SEPARATOR.join(tls.named(url, named) for url in urls))

    return AfterValidator(check)


def _database_address(value: SecretStr) -> SecretStr:
    """Check what libpq would complain about by quoting it, password and all."""
    text = value.get_secret_value()
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://")
    if BAD_PERCENT.search(text):
        raise ValueError("holds a % that begins no escape; write % as %25, and / and @ of a password as %2F and %40")
    return value


def _hosts(value: str) -> str:
    """Check that each word is a host, with or without a port."""
    for word in value.split():
        parts = urlsplit(f"//{word}")
        if not parts.hostname or parts.path or parts.username:
            raise ValueError(f"{word!r} is no host, nor a host with :port")
        _ = parts.port  # raises ValueError when it is no number
    return value


def _long_enough(value: SecretStr) -> SecretStr:
    if any(len(secret) < SHORTEST_SECRET for secret in split_secrets(value)):
        raise ValueError(f"must have {SHORTEST_SECRET} characters or more, and so must each of several")
    return value


def split_secrets(value: SecretStr) -> list[str]:
    """Return the secrets of a setting that may hold several, with spaces or commas between them."""
    return re.split(r"[\s,]+", value.get_secret_value().strip())


def _sentry_address(value: SecretStr) -> SecretStr:
    """Check that an address of Sentry's has its parts, so that a process says so and not where it is reported."""
    parts = urlsplit(value.get_secret_value())
    project = parts.path.rpartition("/")[2]
    if parts.scheme not in {"http", "https"} or not parts.username or not parts.hostname or not project.isdecimal():
        raise ValueError("must be as Sentry shows it: https://KEY@HOST/NUMBER")
    _ = parts.port
    return value


class Settings(BaseSettings):
    """What a process needs to know; each field is read from the variable named in its `validation_alias`.

    Of a secret string the variable's name with `_FILE` behind it may name a file that holds it instead.
    Raises pydantic's ValidationError, which names the variable, when one is missing or malformed.
    Addresses that may hold a password are secret strings, so that a repr or a log line never shows it.
    """

    # An empty variable is one that is not set: that is what a compose file makes of `${TVDB_API_KEY:-}`.
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, the environment, and the files it names, in this order."""
        files = InitSettingsSource(settings_cls, from_files(settings_cls.model_fields, os.environ))
        return init_settings, env_settings, files

    # Before the addresses, which take them up.
    rabbitmq_ca_file: FilePath | None = Field(
        None,
        validation_alias="RABBITMQ_CA_FILE",
        description="PEM file of the authority that signed the broker's certificate; the system's when unset.",
    )
    rabbitmq_certificate_file: FilePath | None = Field(
        None,
        validation_alias="RABBITMQ_CERTIFICATE_FILE",
        description="PEM file of our own certificate, for a broker that asks for one.",
    )
    rabbitmq_key_file: FilePath | None = Field(
        None, validation_alias="RABBITMQ_KEY_FILE", description="PEM file of that certificate's key."
    )
    rabbitmq_url: Annotated[SecretStr, _addresses("amqp", "amqps")] = Field(
        SecretStr("amqp://guest:guest@127.0.0.1:5672/"),
        validation_alias="RABBITMQ_URL",
        description="AMQP 0-9-1 address of the broker, with its virtual host; of a cluster, those of its nodes, with ;"
        " between them, and the first that answers is used.",
    )
    rabbitmq_management_url: Annotated[SecretStr, _addresses("http", "https")] | None = Field(
        None,
        validation_alias="RABBITMQ_MANAGEMENT_URL",
        description="Address of RabbitMQ's management API; needed by `topology check` and Flower's broker page. Of a"
        " cluster, those of its nodes, with ; between them.",
    )
    database_url: Annotated[SecretStr, AfterValidator(_database_address)] = Field(
        SecretStr("postgresql://127.0.0.1:5432/millrace"),
        validation_alias="DATABASE_URL",
        description="PostgreSQL, in libpq's own form: postgresql://user:password@host/database.",
    )
    tvdb_url: str = Field(
        "https://api4.thetvdb.com/v4",
        validation_alias="TVDB_URL",
        description="Base address of TheTVDB's API v4; the sandbox's when there is no key.",
    )
    tvdb_api_key: SecretStr | None = Field(
        None, validation_alias="TVDB_API_KEY", description="Project key for TheTVDB."
    )
    tvdb_pin: SecretStr | None = Field(
        None, validation_alias="TVDB_PIN", description="Subscriber PIN; only user-subscription keys have one."
    )
    wikidata_url: str = Field(
        "https://query.wikidata.org/sparql",
        validation_alias="WIKIDATA_URL",
        description="Wikidata's SPARQL endpoint; it wants no key.",
    )
    tmdb_url: str = Field(
        "https://api.themoviedb.org/3", validation_alias="TMDB_URL", description="Base address of TMDb's API v3."
    )
    tmdb_token: SecretStr | None = Field(
        None, validation_alias="TMDB_TOKEN", description="TMDb's API read access token; or give TMDB_API_KEY."
    )
    tmdb_api_key: SecretStr | None = Field(
        None, validation_alias="TMDB_API_KEY", description="TMDb's API key (v3), 32 hexadecimal digits."
    )
    brickset_url: str = Field(
        "https://brickset.com",
        validation_alias="BRICKSET_URL",
        description="Address of Brickset: its API is below /api/v3.asmx, its catalogue pages below /minifigs.",
    )
    brickset_api_key: SecretStr | None = Field(
        None, validation_alias="BRICKSET_API_KEY", description="Key of Brickset's API v3."
    )
    brickset_calls_per_day: PositiveInt = Field(
        100,
        validation_alias="BRICKSET_CALLS_PER_DAY",
        description="Calls of getSets a day; Brickset raises it on request.",
    )
    ebay_url: str = Field(
        "https://api.ebay.com", validation_alias="EBAY_URL", description="Base address of eBay's APIs."
    )
    ebay_client_id: SecretStr | None = Field(
        None, validation_alias="EBAY_CLIENT_ID", description="App id of an eBay keyset."
    )
    ebay_client_secret: SecretStr | None = Field(
        None, validation_alias="EBAY_CLIENT_SECRET", description="Cert id of an eBay keyset."
    )
    ebay_marketplace: str = Field(
        "EBAY_US",
        pattern="^EBAY_[A-Z]{2,4}$",
        validation_alias="EBAY_MARKETPLACE",
        description="Whose offers are read.",
    )
    ebay_calls_per_day: PositiveInt = Field(
        5000, validation_alias="EBAY_CALLS_PER_DAY", description="Calls a day; eBay raises it on request."
    )
    contact: str = Field(
        "https://github.com/millrace/millrace",
        validation_alias="MILLRACE_CONTACT",
        description="Where an upstream can reach whoever runs this; part of the User-Agent.",
    )
    internal_sites: Annotated[str, AfterValidator(_hosts)] = Field(
        "",
        validation_alias="MILLRACE_INTERNAL_SITES",
        description="Hosts inside, with or without :port, with spaces between them, whose pages and feeds may be read."
        " Nothing else inside (loopback, private networks) is asked, but for the upstreams' own addresses.",
    )
    admin_token: SecretStr | None = Field(
        None,
        validation_alias="MILLRACE_ADMIN_TOKEN",
        description="Bearer token that counts as an admin's, for programs and for the first user to be made with.",
    )
    token_secret: Annotated[SecretStr, AfterValidator(_long_enough)] | None = Field(
        None,
        validation_alias="MILLRACE_TOKEN_SECRET",
        description="Secret that signs the tokens of users, of 32 characters or more, the same for every API process;"
        " without it nobody can sign in to the API. Of several, with spaces or commas between them, the first signs"
        " and each is believed: so one can be replaced without ending what it has signed.",
    )
    token_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = Field(
        60.0, validation_alias="MILLRACE_TOKEN_MINUTES", description="Minutes for which a user's token is good."
    )
    flower_basic_auth: SecretStr | None = Field(
        None,
        validation_alias="FLOWER_BASIC_AUTH",
        description="user:password for `millrace flower`, several separated by commas; it does not start without.",
    )
    database_pool: PositiveInt = Field(
        4, validation_alias="MILLRACE_DATABASE_POOL", description="Connections each process may hold."
    )
    series_fresh_days: PositiveFloat = Field(
        7.0,
        validation_alias="MILLRACE_SERIES_FRESH_DAYS",
        description="Age in days at which series and movies turn stale.",
    )
    people_fresh_days: PositiveFloat = Field(
        14.0, validation_alias="MILLRACE_PEOPLE_FRESH_DAYS", description="Age in days at which people turn stale."
    )
    retry_backoff: tuple[float, ...] = Field(
        (5.0, 15.0, 45.0),
        validation_alias="MILLRACE_RETRY_BACKOFF",
        description="Seconds before the first, second and third retry, as a JSON list, when an upstream names none.",
    )
    listen: str = Field(
        "127.0.0.1",
        validation_alias="MILLRACE_LISTEN",
        description="Address at which this process answers: its metrics, and the API; a container's is 0.0.0.0.",
    )
    api_port: int = Field(
        8000, ge=0, le=65535, validation_alias="MILLRACE_API_PORT", description="Port of the API, below that address."
    )
    certificate_file: FilePath | None = Field(
        None,
        validation_alias="MILLRACE_CERTIFICATE_FILE",
        description="PEM file of the certificate, with its chain, by which the API is served over HTTPS.",
    )
    key_file: FilePath | None = Field(
        None, validation_alias="MILLRACE_KEY_FILE", description="PEM file of that certificate's key."
    )
    metrics_port: int | None = Field(
        None,
        validation_alias="MILLRACE_METRICS_PORT",
        description="Port of this process's /metrics; none is opened when unset.",
    )
    log_format: str = Field(
        "json", pattern="^(json|console)$", validation_alias="MILLRACE_LOG_FORMAT", description="json or console."
    )
    log_level: str = Field("INFO", validation_alias="MILLRACE_LOG_LEVEL", description="Python's level names.")
    sentry_dsn: Annotated[SecretStr, AfterValidator(_sentry_address)] | None = Field(
        None, validation_alias="SENTRY_DSN", description="Where unexpected errors are reported; nowhere when unset."
    )
    sentry_environment: str = Field(
        "production",
        validation_alias="SENTRY_ENVIRONMENT",
        description="What this installation is called in Sentry: production, staging.",
    )
    sentry_traces_sample_rate: float = Field(
        0.0,
        ge=0,
        le=1,
        validation_alias="SENTRY_TRACES_SAMPLE_RATE",
        description="Part of the traces begun here that is recorded, from 0 (none) to 1 (all).",
    )
    host: str = Field(
        default_factory=socket.gethostname,
        validation_alias="MILLRACE_HOST",
        description="Name this machine goes by in worker names and logs.",
    )
