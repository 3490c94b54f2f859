{% from "includes/python.jinja" import fit, import_from with context %}
{% set create = "create_" ~ entity.name %}
{% set new = "new_" ~ entity.name %}
{% set test = entity.test %}
"""The endpoints of {{ entity.title_plural }}."""

{% if primary_key == "uuid7" %}
import uuid
{% endif %}
{% if test.link_ids %}
from concurrent.futures import ThreadPoolExecutor
{% endif %}
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.lists import assert_list
{% if test.create_type %}
from tests.factories import Create
{% endif %}
{% for import in test.imports %}
{{ import_from("tests.factories." ~ import.module, import.names | sort) }}
{% endfor %}

PATH = "/{{ entity.path }}"
{% if primary_key == "uuid7" %}
NOWHERE = str(uuid.UUID(int=0))
{% else %}
NOWHERE = 2**62
{% endif %}


def test_layers(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
{% for layer in test.layers %}
{{ fit(layer, "    ") }}
{% endfor %}


def test_create_and_read(client: TestClient) -> None:
    payload = {{ new }}(client)
    response = client.post(PATH, json=payload)
    assert response.status_code == 201, response.text
    created = response.json()
    assert created == created | {name: payload[name] for name in payload if name in created}
    assert client.get(f"{PATH}/{created['id']}").json() == created


def test_unknown_identifier(client: TestClient) -> None:
    assert client.get(f"{PATH}/{NOWHERE}").status_code == 404
    assert client.patch(f"{PATH}/{NOWHERE}", json={}).status_code == 404
    assert client.delete(f"{PATH}/{NOWHERE}").status_code == 404
    assert client.get(f"{PATH}/no-identifier").status_code == 422


def test_pages(client: TestClient) -> None:
    created = [{{ create }}(client) for _ in range(5)]
    newest_first = [row["id"] for row in reversed(created)]
{% if pagination == "cursor" %}
    page = client.get(PATH, params={"limit": 2}).json()
    seen = [item["id"] for item in page["items"]]
    while page["next_cursor"] is not None:
        # Rows that arrive while a client pages shift nothing.
        {{ create }}(client)
        params = {"limit": 2, "cursor": page["next_cursor"]}
        page = client.get(PATH, params=params).json()
        seen += [item["id"] for item in page["items"]]
    assert seen == newest_first
{% else %}
    for offset, expected, has_more in [(0, 2, True), (2, 2, True), (4, 1, False), (5, 0, False)]:
        page = client.get(PATH, params={"limit": 2, "offset": offset}).json()
        assert [item["id"] for item in page["items"]] == newest_first[offset : offset + expected]
        assert page["has_more"] is has_more
        assert page["total"] is None
    assert client.get(PATH, params={"with_total": True}).json()["total"] == 5
{% endif %}


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 201},
{% if pagination == "cursor" %}
        {"cursor": "malformed"},
{% else %}
        {"offset": -1},
{% endif %}
        {"no-such-parameter": 1},
    ],
)
def test_malformed_query(client: TestClient, params: dict[str, Any]) -> None:
    assert client.get(PATH, params=params).status_code == 422
{% if test.filters %}


@pytest.mark.parametrize(
    ("name", "other"),
    [
{% for row in test.filters %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_filter(client: TestClient, name: str, other: object) -> None:
    {{ create }}(client, **{name: other})
    wanted = {{ create }}(client)
    assert client.get(PATH, params={name: wanted[name]}).json()["items"] == [wanted]
{% endif %}
{% if test.references %}


@pytest.mark.parametrize(
    ("name", "factory", "constraint"),
    [
{% for row in test.references %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_reference(client: TestClient, name: str, factory: Create, constraint: str) -> None:
    {{ create }}(client)
    refers = {name: factory(client)["id"]}
    row = {{ create }}(client, **refers)
    assert client.get(PATH, params=refers).json()["items"] == [row]

    refers = {name: NOWHERE}
    payload = {{ new }}(client) | refers
    for response in (
        client.post(PATH, json=payload),
        client.patch(f"{PATH}/{row['id']}", json=refers),
    ):
        assert response.status_code == 422, response.text
        assert response.json()["detail"][0]["ctx"]["constraint"].startswith(constraint)
{% endif %}
{% if test.deleted %}


@pytest.mark.parametrize(
    ("name", "factory", "path", "constraint"),
    [
{% for row in test.deleted %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_reference_to_a_deleted_row(
    client: TestClient, name: str, factory: Create, path: str, constraint: str
) -> None:
    refers = {name: factory(client)["id"]}
    before = {{ create }}(client, **refers)
    other = {{ create }}(client)
    payload = {{ new }}(client) | refers
    assert client.delete(f"{path}/{refers[name]}").status_code == 204
    for response in (
        client.post(PATH, json=payload),
        client.patch(f"{PATH}/{other['id']}", json=refers),
    ):
        assert response.status_code == 422, response.text
        assert response.json()["detail"][0]["ctx"]["constraint"].startswith(constraint)
    # What referred to it before is there as it was.
    assert client.get(f"{PATH}/{before['id']}").json() == before
    assert client.get(PATH, params=refers).json()["items"] == [before]
{% endif %}
{% if test.not_self %}


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
{% for row in test.not_self %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_reference_to_itself(client: TestClient, name: str, constraint: str) -> None:
    row = {{ create }}(client)
    response = client.patch(f"{PATH}/{row['id']}", json={name: row["id"]})
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["ctx"]["constraint"].startswith(constraint)
{% endif %}
{% if test.unique_on_create %}


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
{% for row in test.unique_on_create %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_create_refuses_what_is_taken(client: TestClient, name: str, constraint: str) -> None:
    taken = {name: {{ create }}(client)[name]}
    response = client.post(PATH, json={{ new }}(client) | taken)
    assert response.status_code == 409, response.text
    assert response.json()["constraint"].startswith(constraint)
{% endif %}
{% if test.unique_on_update %}


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
{% for row in test.unique_on_update %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_update_refuses_what_is_taken(client: TestClient, name: str, constraint: str) -> None:
    taken = {name: {{ create }}(client)[name]}
    row = {{ create }}(client)
    response = client.patch(f"{PATH}/{row['id']}", json=taken)
    assert response.status_code == 409, response.text
    assert response.json()["constraint"].startswith(constraint)
{% endif %}
{% if test.unique_together %}


@pytest.mark.parametrize(
    ("names", "nulls", "constraint"),
    [
{% for row in test.unique_together %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_unique_together(
    client: TestClient, names: list[str], nulls: list[str], constraint: str
) -> None:
    payload = {{ new }}(client) | dict.fromkeys(nulls)
    assert client.post(PATH, json=payload).status_code == 201
    taken = {name: payload[name] for name in names}
    response = client.post(PATH, json={{ new }}(client) | taken)
    assert response.status_code == 409, response.text
    assert response.json()["constraint"].startswith(constraint)
{% endif %}
{% if test.changes %}


@pytest.mark.parametrize(
    ("name", "value"),
    [
{% for row in test.changes %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_update_changes_what_is_sent(client: TestClient, name: str, value: object) -> None:
    before = {{ create }}(client)
    response = client.patch(f"{PATH}/{before['id']}", json={name: value})
    assert response.status_code == 200, response.text
    after = response.json()
{% if entity.timestamps %}
    assert after.pop("updated_at") > before.pop("updated_at")
{% endif %}
    assert after == before | {name: value}
{% endif %}


@pytest.mark.parametrize(
    ("name", "value"),
    [
{% for row in test.refused %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_refused(client: TestClient, name: str, value: object) -> None:
    row = {{ create }}(client)
    payload = {{ new }}(client) | {name: value}
    for response in (
        client.post(PATH, json=payload),
        client.patch(f"{PATH}/{row['id']}", json={name: value}),
    ):
        assert response.status_code == 422, response.text
        assert name in response.json()["detail"][0]["loc"]
    assert client.get(f"{PATH}/{row['id']}").json() == row


def test_delete(client: TestClient) -> None:
    row = {{ create }}(client)
    assert client.delete(f"{PATH}/{row['id']}").status_code == 204
    assert client.get(f"{PATH}/{row['id']}").status_code == 404
    assert client.patch(f"{PATH}/{row['id']}", json={}).status_code == 404
    assert client.delete(f"{PATH}/{row['id']}").status_code == 404
    assert client.get(PATH).json()["items"] == []
{% if entity.soft_delete %}


def test_restore(client: TestClient) -> None:
    row = {{ create }}(client)
    client.delete(f"{PATH}/{row['id']}")
    response = client.post(f"{PATH}/{row['id']}/restore")
    assert response.status_code == 200
{% if entity.timestamps %}
    assert response.json() | {"updated_at": row["updated_at"]} == row
{% else %}
    assert response.json() == row
{% endif %}
    assert client.get(f"{PATH}/{row['id']}").json() == response.json()
    assert client.post(f"{PATH}/{NOWHERE}/restore").status_code == 404
{% endif %}


@pytest.mark.parametrize("rows", [1, 20])
def test_one_statement_per_request(client: TestClient, statements: list[str], rows: int) -> None:
    created = [{{ create }}(client) for _ in range(rows)]
    payload = {{ new }}(client)
    path = f"{PATH}/{created[0]['id']}"

    assert_list(client, statements, PATH, created)

    statements.clear()
    assert client.get(path).json() == created[0]
    assert len(statements) == 1

    statements.clear()
    assert client.post(PATH, json=payload).status_code == 201
    assert len(statements) == 1
{% if test.change %}

    statements.clear()
{{ fit(test.change, "    ") }}
    assert client.patch(path, json=change).status_code == 200
    assert len(statements) == 1
{% endif %}

    statements.clear()
    assert client.delete(path).status_code == 204
    assert len(statements) == 1
{% if test.children %}


@pytest.mark.parametrize(
    ("path", "factory", "column", "rows"),
    [
{% for row in test.children %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_children(
    client: TestClient,
    statements: list[str],
    path: str,
    factory: Create,
    column: str,
    rows: int,
) -> None:
    row = {{ create }}(client)
    children = f"{PATH}/{row['id']}/{path}"
    factory(client)  # belongs to another row
    assert client.get(children).json()["items"] == []
    others = [factory(client, **{column: row["id"]}) for _ in range(rows)]
    assert_list(client, statements, children, others)
    assert client.get(f"{PATH}/{NOWHERE}/{path}").status_code == 404
{% endif %}
{% if test.links %}


@pytest.mark.parametrize(
    ("path", "factory", "link"),
    [
{% for row in test.links %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_links(
    client: TestClient, statements: list[str], path: str, factory: Create, link: str
) -> None:
    row = {{ create }}(client)
    linked = f"{PATH}/{row['id']}/{path}"
    assert client.get(linked).json()["items"] == []
    others = [factory(client) for _ in range(20)]
    links = [link.format(row=row["id"], other=other["id"]) for other in others]
    for each in links[:1] + links:  # to link twice changes nothing
        assert client.put(each).status_code == 204
    assert_list(client, statements, linked, others)

    assert client.delete(links[0]).status_code == 204
    assert client.delete(links[0]).status_code == 404
    assert_list(client, statements, linked, others[1:])
    assert client.put(link.format(row=row["id"], other=NOWHERE)).status_code == 404
    assert client.put(link.format(row=NOWHERE, other=others[0]["id"])).status_code == 404
    assert client.get(f"{PATH}/{NOWHERE}/{path}").status_code == 404
{% endif %}
{% if test.link_ids %}


@pytest.mark.parametrize(
    ("name", "factory", "path", "constraint"),
    [
{% for row in test.link_ids %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_identifiers_of_links(
    client: TestClient, name: str, factory: Create, path: str, constraint: str
) -> None:
    first, second = factory(client), factory(client)
    twice = {name: [first["id"], first["id"]]}
    row = {{ create }}(client, **twice)
    linked = f"{PATH}/{row['id']}/{path}"
    assert client.get(linked).json()["items"] == [first]
    for change in ({name: [second["id"]]}, {}):
        assert client.patch(f"{PATH}/{row['id']}", json=change).status_code == 200
        assert client.get(linked).json()["items"] == [second]

    response = client.patch(f"{PATH}/{row['id']}", json={name: [NOWHERE]})
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["ctx"]["constraint"].startswith(constraint)
    assert client.get(linked).json()["items"] == [second]


@pytest.mark.parametrize(
    ("name", "factory", "path"),
    [
{% for row in test.link_ids %}
{{ fit({"open": "(", "items": row["items"][:3], "close": ")"}, "        ", ",") }}
{% endfor %}
    ],
)
def test_links_are_replaced_as_a_whole(
    client: TestClient, name: str, factory: Create, path: str
) -> None:
    row = {{ create }}(client)
    sets = [sorted(factory(client)["id"] for _ in range(5)) for _ in range(4)]
    for _ in range(5):
        with ThreadPoolExecutor(len(sets)) as executor:
            changes = [
                executor.submit(client.patch, f"{PATH}/{row['id']}", json={name: identifiers})
                for identifiers in sets
            ]
        assert {change.result().status_code for change in changes} == {200}
        linked = client.get(f"{PATH}/{row['id']}/{path}").json()["items"]
        assert sorted(item["id"] for item in linked) in sets
{% if entity.timestamps %}
    assert client.get(f"{PATH}/{row['id']}").json()["updated_at"] > row["updated_at"]
{% endif %}
{% endif %}
{% if test.deleted_links %}


@pytest.mark.parametrize(
    ("name", "factory", "path", "other_path", "constraint"),
    [
{% for row in test.deleted_links %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_link_to_a_deleted_row(
    client: TestClient,
    name: str,
    factory: Create,
    path: str,
    other_path: str,
    constraint: str,
) -> None:
    live, deleted = factory(client), factory(client)
    ids = {name: [live["id"], deleted["id"]]}
    row = {{ create }}(client, **ids)
    assert client.delete(f"{other_path}/{deleted['id']}").status_code == 204
    linked = f"{PATH}/{row['id']}/{path}"
    assert client.get(linked).json()["items"] == [live]
    for response in (
        client.post(PATH, json={{ new }}(client) | ids),
        client.patch(f"{PATH}/{row['id']}", json=ids),
    ):
        assert response.status_code == 422, response.text
        assert response.json()["detail"][0]["ctx"]["constraint"].startswith(constraint)
    assert client.put(f"{linked}/{deleted['id']}").status_code == 404
    assert client.get(linked).json()["items"] == [live]
{% endif %}
{% if test.links_not_self %}


@pytest.mark.parametrize(
    ("name", "path", "constraint"),
    [
{% for row in test.links_not_self %}
{{ fit(row, "        ", ",") }}
{% endfor %}
    ],
)
def test_link_to_itself(client: TestClient, name: str, path: str, constraint: str) -> None:
    row = {{ create }}(client)
    linked = f"{PATH}/{row['id']}/{path}"
    for response in (
        client.put(f"{linked}/{row['id']}"),
        client.patch(f"{PATH}/{row['id']}", json={name: [row["id"]]}),
    ):
        assert response.status_code == 422, response.text
        assert response.json()["detail"][0]["ctx"]["constraint"].startswith(constraint)
    assert client.get(linked).json()["items"] == []
{% endif %}
