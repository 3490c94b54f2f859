{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
"""Errors: what a client did wrong is answered with 4xx, in the documented shape, never with 5xx."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Connection, literal_column, select, text
from sqlalchemy.exc import DBAPIError
{% if c.is_async %}
from sqlalchemy.orm import Session
{% else %}
from sqlmodel import Session
{% endif %}

{{ sorted_imports([
  [package_name ~ ".data.statements", ["Statement"]],
  [package_name ~ ".db.session", ["UnreadableValueError"]],
  [package_name ~ ".http.dependencies", ["ReadSession", "WriteSession"]],
  [package_name ~ ".http.route", ["DatabaseRoute"]],
  [package_name ~ ".settings", ["Settings"]],
  ["tests.applications", ["Applications"]],
]) }}

PATH = "/{{ entity.path }}"
JSON = {"Content-Type": "application/json"}
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


def test_body_that_cannot_be_decoded(client: TestClient) -> None:
    response = client.post(PATH, content=b"\xff", headers=JSON)
    assert response.status_code == 400
    documented = client.get("/openapi.json").json()["paths"][PATH]["post"]["responses"]
    assert "400" in documented


def test_allowed_methods(client: TestClient) -> None:
    """All methods of a path are named, whichever route has them."""
    paths = client.get("/openapi.json").json()["paths"]
    for path in paths:
        response = client.request("TRACE", path)
        assert response.status_code == 405
        allowed = set(response.headers["Allow"].split(", ")) - {"HEAD"}
        # What stands for an identifier may be any word: /…/{id} is also the path /…/bulk.
        same = [other for other in paths if re.fullmatch(re.sub(r"\{.*?\}", "[^/]+", other), path)]
        assert allowed == {method.upper() for other in same for method in paths[other]}


def test_conditions_are_documented(client: TestClient) -> None:
    """The headers of an ETag are read without FastAPI, and shown all the same."""
    paths = client.get("/openapi.json").json()["paths"]
    operations = next(each for path, each in paths.items() if path.startswith(PATH + "/{"))
    for method in ("get", "patch", "delete"):
        names = [parameter["name"] for parameter in operations[method]["parameters"]]
        assert names.count("If-Match") == names.count("If-None-Match") == 1, method


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


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings by which what may be tried again is so for a short time."""
    return settings.model_copy(update={"retry_timeout": 0.2})


def raising(state: str) -> str:
    """Return a statement that fails with this SQLSTATE."""
    return f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"


@pytest.mark.parametrize(
    ("statement", "status_code"),
    [
        # No value of a client can have caused these.
        ("SELECT 1 / 0", 500),
        ("SELECT '2147483648'::integer", 500),
        ("SELECT 'x'::integer", 500),
        ("SELECT repeat('x', 2147483647)", 500),
        (r"SELECT '' ~ '\p{L}'", 500),
        ("SELECT * FROM nowhere", 500),
        ("INSERT INTO idempotency_keys (key) VALUES ('a')", 500),
        (raising("42501"), 500),  # a right is missing
        # Another time, these may succeed.
        ("SELECT pg_terminate_backend(pg_backend_pid())", 503),
        (raising("57014"), 503),  # statement_timeout
        (raising("55P03"), 503),  # lock_timeout
        (raising("25P03"), 503),  # idle_in_transaction_session_timeout
        (raising("25006"), 503),  # read-only
        (raising("53100"), 503),  # no space
    ],
)
def test_failures_of_the_server(
    app: FastAPI,
    client: TestClient,
    raising_client: TestClient,
    statement: str,
    status_code: int,
) -> None:
    """They are logged, not told as mistakes of the client, and not tried again in vain."""
    attempts = []
    router = APIRouter(route_class=DatabaseRoute)

    def fail(session: Session) -> None:
        attempts.append(statement)
        session.execute(text(statement))

    @router.get("/statement")
    {{ c.async_ }}def read(session: ReadSession) -> None:
        {{ "await session.run_sync(fail)" if c.is_async else "fail(session)" }}

    @router.post("/statement")
    {{ c.async_ }}def write(session: WriteSession) -> None:
        {{ "await session.run_sync(fail)" if c.is_async else "fail(session)" }}

    app.include_router(router)
    for method in ("GET", "POST"):
        attempts.clear()
        response = client.request(method, "/statement")
        assert response.status_code == status_code
        assert set(response.json()) == {"detail"}
        assert ("Retry-After" in response.headers) is (status_code == 503)
        assert (len(attempts) > 1) is ("terminate" in statement)
    if status_code == 500:
        # The server gets the error, and logs it with its traceback.
        with pytest.raises(DBAPIError):
            raising_client.get("/statement")


@pytest.mark.parametrize("value", ["date '10000-01-01'", "timestamptz 'infinity'"])
def test_values_that_cannot_be_read(
    app: FastAPI, client: TestClient, raising_client: TestClient, value: str
) -> None:
    """They are in the database already, so the client is not told to mend them."""
    statement = Statement(select(literal_column(value).label("moment")), writes=False)

    @app.get("/moment")
    {{ c.async_ }}def read(session: ReadSession) -> None:
        {{ c.await_ }}statement.row(session, {})

    assert client.get("/moment").status_code == 500
    with pytest.raises(UnreadableValueError):
        raising_client.get("/moment")


def test_no_database(applications: Applications) -> None:
    """The service starts without one, and says when to try again."""
    url = SecretStr("postgresql://user:secret@127.0.0.1:1/nowhere")
    settings = Settings(database_url=url, retry_timeout=0.2)
    with applications.running(settings) as app:
        response = applications.client(app).get(PATH)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "secret" not in response.text


class TestOneConnection:
    """The application has one connection, and a request keeps it."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Return settings with one connection, for which nobody waits for long."""
        return settings.model_copy(update={"pool_size": 1, "pool_timeout": 0.2})

    def test_no_connection_in_time(
        self, app: FastAPI, client: TestClient, elsewhere: Connection
    ) -> None:
        @app.get("/slow")
        {{ c.async_ }}def read(session: ReadSession) -> None:
            connection = {{ c.await_ }}session.connection()
            {{ c.await_ }}connection.execute(text("SELECT pg_sleep(0.5)"))

        with ThreadPoolExecutor() as executor:
            slow = executor.submit(client.get, "/slow")
            while not elsewhere.scalar(text(SLEEPING)):
                assert not slow.done()
            response = client.get(PATH)
            assert response.status_code == 503
            assert int(response.headers["Retry-After"]) > 0
            assert slow.result().status_code == 200
