{% import "includes/concurrency.jinja" as c with context %}
{% set entity = schema | first %}
"""Errors: what a client did wrong is answered with 4xx, in the documented shape, never with 5xx."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import text

from {{ package_name }}.db.session import ReadSession, Turns, WriteSession
from {{ package_name }}.main import create_app
from {{ package_name }}.settings import Settings

PATH = "/{{ entity.path }}"
JSON = {"Content-Type": "application/json"}


def test_body_that_cannot_be_decoded(client: TestClient) -> None:
    response = client.post(PATH, content=b"\xff", headers=JSON)
    assert response.status_code == 400
    documented = client.get("/openapi.json").json()["paths"][PATH]["post"]["responses"]
    assert "400" in documented


@pytest.mark.parametrize(
    "body",
    [
        rb'{"unknown": "a secret"}',
        # Python reads these, but could not write them as JSON.
        rb'{"unknown": NaN}',
        rb'{"unknown": 1e999}',
        rb'{"unknown": "\ud800"}',
        rb'{"\ud800": 1}',
    ],
)
def test_what_is_refused_is_not_sent_back(client: TestClient, body: bytes) -> None:
    response = client.post(PATH, content=body, headers=JSON)
    assert response.status_code == 422
    for problem in response.json()["detail"]:
        assert set(problem) <= {"loc", "msg", "type", "ctx"}


@pytest.mark.parametrize(
    ("statement", "status_code"),
    [
        ("SELECT '2147483648'::integer", 422),
        ("SELECT repeat('x', 2147483647)", 422),  # longer than PostgreSQL allows
        (r"SELECT '' ~ '\p{L}'", 500),  # a pattern that PostgreSQL does not know
        ("SELECT pg_terminate_backend(pg_backend_pid())", 503),
    ],
)
def test_refused_by_the_database(
    app: FastAPI,
    client: TestClient,
    statement: str,
    status_code: int,
) -> None:
    @app.get("/statement")
    {{ c.async_ }}def read(session: ReadSession) -> None:
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(text(statement))

    @app.post("/statement")
    {{ c.async_ }}def write(session: WriteSession) -> None:
        connection = {{ c.await_ }}session.connection()
        {{ c.await_ }}connection.execute(text(statement))

    for method, where in [("GET", "query"), ("POST", "body")]:
        response = client.request(method, "/statement")
        assert response.status_code == status_code
        if status_code == 422:
            assert response.json()["detail"][0]["loc"] == [where]


def test_no_database() -> None:
    """The service starts without one, and says when to try again."""
    url = SecretStr("postgresql://user:secret@127.0.0.1:1/nowhere")
    settings = Settings(database_url=url, retry_timeout=0.2)
    with TestClient(create_app(settings)) as client:
        response = client.get(PATH)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "secret" not in response.text


def test_no_turn_in_time(app: FastAPI, client: TestClient) -> None:
    app.state.turns = Turns(0, timeout=0.1)
    response = client.get(PATH)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
