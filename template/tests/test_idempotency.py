{% import "includes/concurrency.jinja" as c with context %}
{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
"""Idempotency keys: a write that is sent twice happens once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

{{ sorted_imports([
  ["tests.resources." ~ entity.module, [entity.name | upper ~ " as RESOURCE"]],
  ["tests.rows", ["Rows"]],
  [package_name ~ ".http.route", ["DatabaseRoute"]],
  [package_name ~ ".http.dependencies", ["WriteSession"]],
]) }}

PATH = RESOURCE.path
KEY = {"Idempotency-Key": "a key"}


def test_same_request_same_answer(client: TestClient, rows: Rows) -> None:
    payload = rows.body(RESOURCE)
    created = client.post(PATH, json=payload, headers=KEY)
    again = client.post(PATH, json=payload, headers=KEY)
    assert created.status_code == again.status_code == 201
    assert created.json() == again.json()
    assert created.headers["content-type"] == again.headers["content-type"]
    assert created.headers["etag"] == again.headers["etag"]


def test_many_rows(client: TestClient, rows: Rows) -> None:
    bodies = rows.bodies(RESOURCE, 2)
    created, again = [client.post(f"{PATH}/bulk", json=bodies, headers=KEY) for _ in range(2)]
    assert created.status_code == 201, created.text
    assert created.json() == again.json()
    assert len(client.get(PATH).json()["items"]) == len(bodies)
    ids = {"ids": [row["id"] for row in created.json()]}
    key = {"Idempotency-Key": "another key"}
    for _ in range(2):
        assert client.post(f"{PATH}/bulk/delete", json=ids, headers=key).status_code == 204
    assert client.get(PATH).json()["items"] == []


def test_answer_without_a_body(client: TestClient, rows: Rows) -> None:
    path = f"{PATH}/{client.post(PATH, json=rows.body(RESOURCE)).json()['id']}"
    assert client.delete(path, headers=KEY).status_code == 204
    again = client.delete(path, headers=KEY)
    assert (again.status_code, again.content) == (204, b"")
    assert client.delete(path).status_code == 404


def test_headers(app: FastAPI, client: TestClient) -> None:
    """The same answer has the same headers."""
    router = APIRouter(route_class=DatabaseRoute)

    @router.post("/once")
    {{ c.async_ }}def once(session: WriteSession, response: Response) -> None:
        response.headers["Location"] = "/somewhere"
        response.set_cookie("one", "1")
        response.set_cookie("two", "2")

    @router.post("/own")
    {{ c.async_ }}def own(session: WriteSession) -> Response:
        return PlainTextResponse("done", 202, {"ETag": '"1"'})

    app.include_router(router)
    for path in ("/once", "/own"):
        first, again = [client.post(path, headers={"Idempotency-Key": path}) for _ in range(2)]
        assert first.headers.multi_items() == again.headers.multi_items()
        assert (first.status_code, first.content) == (again.status_code, again.content)


def test_another_request(client: TestClient, rows: Rows) -> None:
    created = client.post(PATH, json=rows.body(RESOURCE), headers=KEY)
    response = client.delete(f"{PATH}/{created.json()['id']}", headers=KEY)
    assert response.status_code == 422
    assert response.json()["detail"][0]["msg"] == "The Idempotency-Key was used for another request"


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_unusable_key(client: TestClient, key: str, rows: Rows) -> None:
    response = client.post(PATH, json=rows.body(RESOURCE), headers={"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]


def test_failed_requests_keep_no_key(client: TestClient, rows: Rows) -> None:
    assert client.post(PATH, json=[], headers=KEY).status_code == 422
    assert client.post(PATH, json=rows.body(RESOURCE), headers=KEY).status_code == 201


def test_at_the_same_time(client: TestClient, rows: Rows) -> None:
    payload = rows.body(RESOURCE)
    before = len(client.get(PATH).json()["items"])
    with ThreadPoolExecutor() as executor:
        requests = [executor.submit(client.post, PATH, json=payload, headers=KEY) for _ in range(4)]
    answers = [request.result() for request in requests]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(client.get(PATH).json()["items"]) == before + 1


def test_streams(app: FastAPI, client: TestClient) -> None:
    """An answer that has no end yet is not kept."""
    router = APIRouter(route_class=DatabaseRoute)

    @router.post("/once")
    {{ c.async_ }}def once(session: WriteSession) -> StreamingResponse:
        return StreamingResponse(iter(["one", "two"]))

    app.include_router(router)
    assert_not_kept(client)


def assert_not_kept(client: TestClient) -> None:
    assert client.post("/once", headers=KEY).status_code == 200
    assert client.post("/once", headers=KEY).status_code == 409


def test_old_keys_are_deleted(client: TestClient, engine: Engine, rows: Rows) -> None:
    payload = rows.body(RESOURCE)
    created = client.post(PATH, json=payload, headers=KEY)
    with engine.begin() as connection:
        statement = "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'"
        connection.execute(text(statement))
    # Not by their own requests, and no later than by the next one.
    assert client.post(PATH, json=payload, headers=KEY).json() == created.json()
    client.post(PATH, json=rows.body(RESOURCE), headers={"Idempotency-Key": "another"})
    with engine.begin() as connection:
        keys = connection.scalars(text("SELECT key FROM idempotency_keys")).all()
    assert keys == ["another"]
