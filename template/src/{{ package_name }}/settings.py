"""Settings: read from environment variables and from a file `.env`, in this order."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PositiveInt, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every knob of the service. An empty variable counts as not set."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
    )

    environment: Literal["development", "production"] = Field(
        default="development",
        description="In production a database URL is required.",
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
    pool_size: PositiveInt = Field(
        default=5,
        description="Connections that stay open.",
    )
    max_overflow: int = Field(
        default=10,
        ge=0,
        description="Connections beyond `pool_size` that a burst of requests may open.",
    )
    pool_timeout: float = Field(
        default=30,
        gt=0,
        description="Seconds that a request waits for a connection.",
    )
    pool_recycle: PositiveInt = Field(
        default=300,
        description="Seconds after which a connection is replaced.",
    )
    pool_pre_ping: bool = Field(
        default=True,
        description="Test a connection before its use, at the cost of a round trip.",
    )
    connect_timeout: PositiveInt = Field(
        default=15,
        description="Seconds that one attempt to connect may take.",
    )

    @model_validator(mode="after")
    def _production_needs_a_database(self) -> Self:
        if self.environment == "production" and self.database_url is None:
            raise ValueError("DATABASE_URL is required when ENVIRONMENT is production")
        return self
