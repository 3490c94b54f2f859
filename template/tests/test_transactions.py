{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
"""Sessions: a request that writes is one transaction, a request that reads is none."""

from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg.pq import TransactionStatus
from sqlalchemy import text
{% if c.is_async %}
from sqlalchemy.orm import Session
{% else %}
from sqlmodel import Session
{% endif %}

{{ sorted_imports([
  ["tests.resources." ~ entity.module, [entity.name | upper ~ " as RESOURCE"]],
  ["tests.rows", ["Rows"]],
  [package_name ~ ".queries." ~ entity.module, [entity.repository ~ " as repository"]],
  [package_name ~ ".http.dependencies", ["ReadSession", "WriteSession"]],
  [package_name ~ ".models." ~ entity.module, [entity.class ~ "Create as Create"]],
]) }}


def test_a_failed_request_leaves_nothing(app: FastAPI, client: TestClient, rows: Rows) -> None:
    @app.post("/fail")
    {{ c.async_ }}def fail(session: WriteSession, data: Create) -> None:
        {{ c.await_ }}repository.create(session, data)
        raise RuntimeError("after the write")

    response = client.post("/fail", json=rows.body(RESOURCE))
    assert response.status_code == 500
    assert client.get(RESOURCE.path).json()["items"] == []


def transaction_status(session: Session) -> int:
    """Return where the connection of the session stands after a statement."""
    connection = session.connection()
    connection.execute(text("SELECT 1"))
    driver_connection = connection.connection.driver_connection
    assert driver_connection is not None
    return int(driver_connection.info.transaction_status)


def test_only_writes_open_a_transaction(app: FastAPI, client: TestClient) -> None:
{% set status = "await session.run_sync(transaction_status)" if c.is_async else "transaction_status(session)" %}
    @app.get("/reading")
    {{ c.async_ }}def reading(session: ReadSession) -> int:
        return {{ status }}

    @app.get("/writing")
    {{ c.async_ }}def writing(session: WriteSession) -> int:
        return {{ status }}

    assert client.get("/reading").json() == TransactionStatus.IDLE
    assert client.get("/writing").json() == TransactionStatus.INTRANS
