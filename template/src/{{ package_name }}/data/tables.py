"""Tables that belong to no entity. Migrations need them, and need no web framework for it."""

from sqlalchemy import Column, DateTime, Index, LargeBinary, SmallInteger, String, Table, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

import {{ package_name }}.models.base  # noqa: F401  (it says how constraints are named)

# Requests that were carried out, and their answers.
idempotency_keys = Table(
    "idempotency_keys",
    SQLModel.metadata,
    Column("key", String(255), primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("fingerprint", String(64), nullable=False),
    Column("status_code", SmallInteger),
    Column("media_type", String),
    Column("headers", JSONB),
    Column("body", LargeBinary),
    Index(None, "created_at"),
)
