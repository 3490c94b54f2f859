{% from "includes/quote.jinja" import python_string %}
"""Settings: read from environment variables and from a file `.env`, in this order."""

import re
import sys
from pathlib import Path
from typing import Literal, Self

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from pydantic import (
    Field,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

SOURCE = Path(__file__).resolve().parents[1]

# Where `.env` is, and what relative paths start from: the project, from whichever folder it is run;
# the current folder if the package was installed without its project, as containers do.
PROJECT_ROOT = SOURCE.parent if (SOURCE.parent / "pyproject.toml").is_file() else Path.cwd()
ENV_FILE = PROJECT_ROOT / ".env"

# The name of a driver may follow: this project has its own, so any will do.
SCHEME = re.compile(r"postgres(ql)?(\+\w+)?://", re.IGNORECASE)

SPECIAL = (
    "cannot be read: write special characters of the password as %40 for @, %3A for :, %2F for /, "
    "%3F for ?, %23 for # and %25 for %"
)


class Settings(BaseSettings):
    """Every knob of the service. An empty variable counts as not set."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        # Messages about wrong values would show others, such as passwords, along with them.
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = Field(
        default="development",
        description=(
            "In production a database URL is required, and values of rows stay out of logs."
        ),
    )
    database_url: SecretStr | None = Field(
        default=None,
        description=(
            "Neon's pooled connection string, as the console shows it. "
            "Without one, development uses an embedded PostgreSQL."
        ),
    )
    database_url_unpooled: SecretStr | None = Field(
        default=None,
        description=(
            "The direct connection string, for migrations. "
            "Default: `database_url` without Neon's `-pooler`."
        ),
    )
    embedded_directory: Path = Field(
        default=Path(".postgres"),
        description="Where the embedded PostgreSQL keeps its data.",
    )
    application_name: str = Field(
        default={{ python_string(project_slug) }},
        description="How the connections are called in `pg_stat_activity`.",
    )
    pool_enabled: bool = Field(
        default=True,
        description="Keep connections. Functions, which live for one request, should not.",
    )
    pool_size: PositiveInt = Field(
        default=15,
        description="The most connections. They are made when they are needed, and stay.",
    )
    pool_timeout: float = Field(
        default=30,
        gt=0,
        description="Seconds that a request waits for a connection; then the answer is a 503.",
    )
    pool_recycle: PositiveInt = Field(
        default=300,
        description="Seconds after which a connection is replaced.",
    )
    pool_pre_ping: bool = Field(
        default=False,
        description=(
            "Test a connection before its use, at the cost of a round trip. "
            "Without it, a request that meets a lost connection runs again."
        ),
    )
    connect_timeout: PositiveInt = Field(
        default=15,
        description="Seconds that one attempt to connect may take.",
    )
    retry_timeout: float = Field(
        default=30,
        ge=0,
        description=(
            "Seconds in which a request runs again that lost its connection or found none; "
            "then the answer is a 503."
        ),
    )
    transaction_timeout: float = Field(
        default=20,
        gt=0,
        description=(
            "Seconds that a request may use its connection; then what it does is cancelled, and "
            "the answer is a 503. More than `connect_timeout`, and than migrations wait for a lock."
        ),
    )
    statement_timeout: float | None = Field(
        default=None,
        ge=0.001,
        le=2_147_483,  # PostgreSQL counts milliseconds in 32 bits
        description=(
            "Seconds after which the server itself ends a statement, also if the service has died; "
            "then the answer is a 503. A statement that stands alone takes a second round trip. "
            "Default: what the server, or the role, has."
        ),
    )
    key_timeout: float = Field(
        default=5,
        gt=0,
        description=(
            "Seconds that a request waits for another one with its `Idempotency-Key`; "
            "then the answer is a 409."
        ),
    )
    max_body_size: PositiveInt = Field(
        default=2**20,
        description="Bytes that the body of a request may have; for more, the answer is a 413.",
    )
    readiness_timeout: float = Field(
        default=1.5,
        gt=0,
        description="Seconds in which `/health/ready` answers, whatever the database does.",
    )
    prepared_statements: Literal["auto", "on", "off"] = Field(
        default="auto",
        description=(
            "Whether the server keeps the plans of statements. "
            "Off for poolers that cannot: PgBouncer before 1.21."
        ),
    )
    neon_api_key: SecretStr | None = Field(
        default=None,
        description="For branches: an API key of Neon. The service itself needs none.",
    )
    neon_project_id: str | None = Field(
        default=None,
        pattern="^[a-z0-9-]{1,60}$",
        description="For branches: the project on Neon. Without one, branches are local.",
    )
    neon_database: str | None = Field(
        default=None,
        description="For branches: the database, where the project has several.",
    )

    @field_validator("embedded_directory")
    @classmethod
    def _start_from_the_project(cls, path: Path) -> Path:
        return PROJECT_ROOT / path

    @field_validator("database_url", "database_url_unpooled")
    @classmethod
    def _leads_to_a_database(cls, url: SecretStr | None) -> SecretStr | None:
        return url and SecretStr(checked_url(url.get_secret_value()))

    @model_validator(mode="after")
    def _production_needs_a_database(self) -> Self:
        if self.environment == "production" and self.database_url is None:
            raise ValueError("DATABASE_URL is required when ENVIRONMENT is production")
        return self


def load_settings() -> Settings:
    """Return the settings of the environment. If they are wrong, end the process and say why."""
    try:
        return Settings()
    except UnicodeDecodeError:
        sys.exit(f"{Settings.model_config.get('env_file')} is not UTF-8: save it as UTF-8")
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])).upper()} {problem['msg']}".strip()
            for problem in error.errors(include_input=False, include_url=False)
        ]
        sys.exit("\n".join(problem.replace("Value error, ", "") for problem in problems))


def checked_url(text: str) -> str:
    """Return the URL without the spaces and quotes around it.

    Raises ValueError if it does not lead to a database of PostgreSQL. The message says what to do,
    and nothing of the URL that may be secret.
    """
    url = text.strip()
    if url[:1] in ("'", '"') and url[:1] == url[-1:]:
        url = url[1:-1].strip()
    if re.match(r"psql\s", url):
        raise ValueError("is a command: leave out psql and the quotes, and keep the URL")
    if not SCHEME.match(url):
        raise ValueError("does not start with postgresql://")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(SPECIAL) from None
    if re.search(r"[@\s]", f"{parsed.host}{parsed.database}"):
        raise ValueError(SPECIAL)
    if parsed.password and not str(parsed.password).strip("*•"):
        raise ValueError("has no password but asterisks: show the password, then copy the URL")
    if not parsed.database and "dbname" not in parsed.query:
        raise ValueError("names no database: end it with /NAME, before a question mark")
    try:
        make_conninfo(**dict.fromkeys(parsed.query, ""))
    except ProgrammingError as error:
        problem = str(error).strip()
        raise ValueError(f"has a parameter that PostgreSQL does not know: {problem}") from None
    return url
