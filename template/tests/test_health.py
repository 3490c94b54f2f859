"""Health endpoints."""

from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import URL, create_engine, text

from {{ package_name }}.main import create_app
from {{ package_name }}.settings import Settings


def test_ready(client: TestClient) -> None:
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (200, {"status": "ready"})


def test_schema_behind(client: TestClient, database: URL) -> None:
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    engine.dispose()
    response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (503, {"status": "schema not at head"})


def test_never_migrated(empty_database: URL) -> None:
    url = SecretStr(empty_database.render_as_string(hide_password=False))
    with TestClient(create_app(Settings(database_url=url))) as client:
        response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (503, {"status": "schema not at head"})


def test_database_unreachable() -> None:
    # Port 1 refuses connections.
    url = SecretStr("postgresql://user:secret@127.0.0.1:1/nowhere")
    with TestClient(create_app(Settings(database_url=url))) as client:
        assert client.get("/health/live").status_code == 200
        response = client.get("/health/ready")
    assert (response.status_code, response.json()) == (503, {"status": "database unreachable"})
