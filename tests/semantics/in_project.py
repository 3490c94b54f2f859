"""Tests that run in a rendered project: what references and unique lists mean."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from tests.api.scenarios.scenario import NOWHERE

PATIENCE = 60  # seconds until somebody waits for a lock, on a busy machine
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def wait_for_a_waiting_one(elsewhere: Connection, request: Future[Any]) -> None:
    """Return when a connection waits for a lock."""
    deadline = time.monotonic() + PATIENCE
    while elsewhere.scalar(WAITING) == 0:
        assert not request.done(), f"did not wait: {request.result()}"
        assert time.monotonic() < deadline, "nobody waits for a lock"
        time.sleep(0.02)


def make(client: TestClient, path: str, **values: Any) -> Any:
    """Create a row and return it."""
    response = client.post(path, json=values)
    assert response.status_code == 201, response.text
    return response.json()


def assert_refused(response: Any, constraint: str, status_code: int = 422) -> None:
    """Check that a constraint stood against a request."""
    assert response.status_code == status_code, response.text
    body = response.json()
    named = body["constraint"] if status_code == 409 else body["detail"][0]["ctx"]["constraint"]
    assert named == constraint


# ---- Rows that are marked as deleted ----

MARK = "UPDATE {0} SET deleted_at = now() WHERE id = (SELECT id FROM {0} WHERE id = :id FOR UPDATE)"


def mark(connection: Connection, table: str, identifier: Any) -> None:
    """Mark a row as deleted, as the API does."""
    connection.execute(text(MARK.format(table)), {"id": identifier})


def test_the_answer_is_that_for_a_missing_row(client: TestClient) -> None:
    post = make(client, "/posts", title="a")
    client.delete(f"/posts/{post['id']}")
    missing = client.post("/comments", json={"body": "b", "post_id": NOWHERE})
    deleted = client.post("/comments", json={"body": "b", "post_id": post["id"]})
    assert deleted.status_code == missing.status_code == 422
    assert deleted.json() == missing.json()


@pytest.mark.parametrize(
    ("method", "path", "body", "table", "constraint"),
    [
        (
            "POST",
            "/comments",
            {"body": "b", "post_id": "post"},
            "posts",
            "fk_comments_post_id_posts",
        ),
        ("PATCH", "/comments/{comment}", {"post_id": "post"}, "posts", "fk_comments_post_id_posts"),
        (
            *("POST", "/posts", {"title": "b", "tag_ids": ["tag"]}),
            *("tags", "fk_post_tags_link_tag_id_tags"),
        ),
        ("PATCH", "/posts/{post}", {"tag_ids": ["tag"]}, "tags", "fk_post_tags_link_tag_id_tags"),
        ("PUT", "/posts/{post}/tags/{tag}", None, "tags", None),
    ],
)
def test_marked_at_the_same_time(
    client: TestClient,
    engine: Engine,
    elsewhere: Connection,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    table: str,
    constraint: str | None,
) -> None:
    ids = {
        "post": make(client, "/posts", title="a")["id"],
        "tag": make(client, "/tags", name="a")["id"],
    }
    other = make(client, "/posts", title="another")
    ids["comment"] = make(client, "/comments", body="a", post_id=other["id"])["id"]
    sent = {
        name: [ids[value[0]]] if isinstance(value, list) else ids.get(value, value)
        for name, value in (body or {}).items()
    }
    with engine.connect() as connection, ThreadPoolExecutor() as threads:
        mark(connection, table, ids[table.removesuffix("s")])
        request = threads.submit(client.request, method, path.format(**ids), json=sent)
        wait_for_a_waiting_one(elsewhere, request)
        connection.commit()
        response = request.result()
    if constraint is None:
        assert response.status_code == 404
    else:
        assert_refused(response, constraint)


def test_marking_waits_for_who_refers(
    client: TestClient, engine: Engine, elsewhere: Connection
) -> None:
    post = make(client, "/posts", title="a")
    with engine.connect() as connection, ThreadPoolExecutor() as threads:
        comment = text("INSERT INTO comments (body, post_id) VALUES ('b', :post_id)")
        connection.execute(comment, {"post_id": post["id"]})
        # Other changes do not.
        assert client.patch(f"/posts/{post['id']}", json={"title": "b"}).status_code == 200
        request = threads.submit(client.delete, f"/posts/{post['id']}")
        wait_for_a_waiting_one(elsewhere, request)
        connection.commit()
        assert request.result().status_code == 204
    assert len(client.get("/comments", params={"post_id": post["id"]}).json()["items"]) == 1


def test_deleted_twice_at_the_same_time(
    client: TestClient, engine: Engine, elsewhere: Connection
) -> None:
    post = make(client, "/posts", title="a")
    with engine.connect() as connection, ThreadPoolExecutor() as threads:
        mark(connection, "posts", post["id"])
        request = threads.submit(client.delete, f"/posts/{post['id']}")
        wait_for_a_waiting_one(elsewhere, request)
        connection.commit()
        assert request.result().status_code == 404


def test_a_row_is_shown_if_it_is_not_marked_itself(client: TestClient) -> None:
    tag = make(client, "/tags", name="a")
    post = make(client, "/posts", title="a", tag_ids=[tag["id"]])
    comment = make(client, "/comments", body="a", post_id=post["id"])
    note = make(client, "/notes", body="a", post_id=post["id"])
    client.delete(f"/notes/{note['id']}")
    client.delete(f"/posts/{post['id']}")

    assert client.get("/comments").json()["items"] == [comment]
    assert client.get("/comments", params={"post_id": post["id"]}).json()["items"] == [comment]
    assert client.get(f"/comments/{comment['id']}").json() == comment
    change = client.patch(f"/comments/{comment['id']}", json={"body": "b"})
    assert (change.status_code, change.json()["body"]) == (200, "b")
    assert_refused(
        client.patch(f"/comments/{comment['id']}", json={"post_id": post["id"]}),
        "fk_comments_post_id_posts",
    )
    restored = client.post(f"/notes/{note['id']}/restore")
    assert restored.status_code == 200
    assert client.get("/notes").json()["items"] == [restored.json()]

    for path in ("", "/comments", "/notes", "/tags"):
        assert client.get(f"/posts/{post['id']}{path}").status_code == 404
    assert client.put(f"/posts/{post['id']}/tags/{tag['id']}").status_code == 404
    assert client.get(f"/tags/{tag['id']}/posts").json()["items"] == []

    client.post(f"/posts/{post['id']}/restore")
    assert client.get(f"/posts/{post['id']}/comments").json()["items"] == [change.json()]
    assert client.get(f"/posts/{post['id']}/tags").json()["items"] == [tag]


# ---- Time of change ----


def test_a_change_of_links_is_a_change(client: TestClient) -> None:
    tag = make(client, "/tags", name="a")
    post = make(client, "/posts", title="a")
    path = f"/posts/{post['id']}"
    assert client.patch(path, json={}).json() == post
    changed = client.patch(path, json={"tag_ids": [tag["id"]]}).json()
    assert changed["updated_at"] > post["updated_at"]
    assert changed | {"updated_at": post["updated_at"]} == post
    assert client.delete(f"{path}/tags/{tag['id']}").status_code == 204
    assert client.put(f"{path}/tags/{tag['id']}").status_code == 204
    assert client.get(path).json() == changed


# ---- Nulls in unique lists ----


def test_nulls_are_equal(client: TestClient) -> None:
    root = make(client, "/categories", name="a")
    constraint = "uq_categories_parent_id_name"
    assert_refused(client.post("/categories", json={"name": "a"}), constraint, 409)
    child = make(client, "/categories", name="a", parent_id=root["id"])
    move = client.patch(f"/categories/{child['id']}", json={"parent_id": None})
    assert_refused(move, constraint, 409)


def test_nulls_are_equal_among_rows_that_are_not_deleted(client: TestClient) -> None:
    post = make(client, "/posts", title="a")
    constraint = "ix_posts_category_id_title"
    assert_refused(client.post("/posts", json={"title": "a"}), constraint, 409)
    client.delete(f"/posts/{post['id']}")
    make(client, "/posts", title="a")
    assert_refused(client.post(f"/posts/{post['id']}/restore"), constraint, 409)


def test_nulls_are_distinct(client: TestClient) -> None:
    root = make(client, "/categories", name="root", position=1)
    make(client, "/categories", name="another root", position=1)
    for name in ("a", "b"):
        make(client, "/categories", name=name, parent_id=root["id"])
    make(client, "/categories", name="c", parent_id=root["id"], position=1)
    again = {"name": "d", "parent_id": root["id"], "position": 1}
    constraint = "uq_categories_parent_id_position"
    assert_refused(client.post("/categories", json=again), constraint, 409)


# ---- Trees, with what docs/schema-language.md adds ----


def test_no_row_is_its_own_first_parent(elsewhere: Connection) -> None:
    insert = (
        "INSERT INTO categories (id, parent_id, name)"
        " OVERRIDING SYSTEM VALUE VALUES (:id, :id, 'a')"
    )
    with pytest.raises(IntegrityError, match="ck_categories_parent_not_self"):
        elsewhere.execute(text(insert), {"id": NOWHERE})


def test_no_circle(client: TestClient) -> None:
    first = make(client, "/categories", name="a")
    second = make(client, "/categories", name="b", parent_id=first["id"])
    third = make(client, "/categories", name="c", parent_id=second["id"])
    for below in (second, third):
        move = client.patch(f"/categories/{first['id']}", json={"parent_id": below["id"]})
        assert_refused(move, "ck_categories_no_circle")
    move = client.patch(f"/categories/{third['id']}", json={"parent_id": first["id"]})
    assert move.status_code == 200


def test_no_circle_of_two_moves_at_once(
    client: TestClient, engine: Engine, elsewhere: Connection
) -> None:
    first = make(client, "/categories", name="a")
    second = make(client, "/categories", name="b")
    with engine.connect() as connection, ThreadPoolExecutor() as threads:
        move = text("UPDATE categories SET parent_id = :parent_id WHERE id = :id")
        connection.execute(move, {"parent_id": second["id"], "id": first["id"]})
        path = f"/categories/{second['id']}"
        request = threads.submit(client.patch, path, json={"parent_id": first["id"]})
        wait_for_a_waiting_one(elsewhere, request)
        connection.commit()
        assert_refused(request.result(), "ck_categories_no_circle")


def test_references_that_have_to_agree(client: TestClient) -> None:
    post = make(client, "/posts", title="a")
    other = make(client, "/posts", title="b")
    comment = make(client, "/comments", body="a", post_id=post["id"])
    reply = make(client, "/comments", body="b", post_id=post["id"], parent_id=comment["id"])
    constraint = "fk_comments_parent_id_post_id_comments"
    wrong = {"body": "c", "post_id": other["id"], "parent_id": comment["id"]}
    assert_refused(client.post("/comments", json=wrong), constraint)
    move = client.patch(f"/comments/{reply['id']}", json={"post_id": other["id"]})
    assert_refused(move, constraint)
    assert client.get(f"/posts/{post['id']}/comments").json()["items"] == [reply, comment]
    assert client.delete(f"/comments/{comment['id']}").status_code == 204
    assert client.get("/comments").json()["items"] == []
