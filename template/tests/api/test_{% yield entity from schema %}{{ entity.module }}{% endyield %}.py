{% from "includes/python.jinja" import import_from with context %}
{% set create = "create_" ~ entity.name %}
{% set payload = entity.name ~ "_payload" %}
{% set test = entity.test %}
"""The endpoints of {{ entity.title_plural }}."""

{% if primary_key == "uuid7" %}
import uuid
{% endif %}
from typing import Any

import pytest
from fastapi.testclient import TestClient

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
{% for layer, names in test.layers %}
    assert set(schemas["{{ entity.class }}{{ layer }}"]["properties"]) == {
{% for name in names %}
        "{{ name }}",
{% endfor %}
    }
{% endfor %}


def test_create_and_read(client: TestClient) -> None:
    payload = {{ payload }}(client)
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
    newest_first = [{{ create }}(client)["id"] for _ in range(5)][::-1]
{% if pagination == "cursor" %}
    page = client.get(PATH, params={"limit": 2}).json()
    seen = [item["id"] for item in page["items"]]
    while page["next_cursor"] is not None:
        {{ create }}(client)  # rows that arrive while a client pages shift nothing
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
        {"unknown": 1},
    ],
)
def test_malformed_query(client: TestClient, params: dict[str, Any]) -> None:
    assert client.get(PATH, params=params).status_code == 422
{% if test.settable %}


@pytest.mark.parametrize(
    ("name", "other"),
    [
{% for name, value in test.settable %}
        ("{{ name }}", {{ value }}),
{% endfor %}
    ],
)
def test_filter(client: TestClient, name: str, other: object) -> None:
    {{ create }}(client, **{name: other})
    wanted = {{ create }}(client)
    assert client.get(PATH, params={name: wanted[name]}).json()["items"] == [wanted]
{% endif %}
{% for reference in test.references %}


def test_refers_by_{{ reference.name }}(client: TestClient) -> None:
    {{ create }}(client)
    referred = create_{{ reference.reference }}(client)["id"]
    row = {{ create }}(client, {{ reference.name }}=referred)
    assert client.get(PATH, params={"{{ reference.name }}": referred}).json()["items"] == [row]

    payload = {{ payload }}(client) | {"{{ reference.name }}": NOWHERE}
    for response in (
        client.post(PATH, json=payload),
        client.patch(f"{PATH}/{row['id']}", json={"{{ reference.name }}": NOWHERE}),
    ):
        assert response.status_code == 422, response.text
        constraint = response.json()["detail"][0]["ctx"]["constraint"]
        assert constraint.startswith("{{ reference.constraint[:55] }}")
{% endfor %}
{% for column in entity.columns if column.unique and column.name not in test.refused and column.name in test.layers[1][1] %}


def test_{{ column.name }}_is_unique(client: TestClient) -> None:
    taken = {"{{ column.name }}": {{ create }}(client)["{{ column.name }}"]}
    answers = [client.post(PATH, json={{ payload }}(client) | taken)]
{% if "update" in column.layers %}
    answers.append(client.patch(f"{PATH}/{{ "{" }}{{ create }}(client)['id']}", json=taken))
{% endif %}
    for response in answers:
        assert response.status_code == 409, response.text
        assert response.json()["constraint"].startswith("{{ column.constraint[:55] }}")
{% endfor %}


{% if test.changes %}
@pytest.mark.parametrize(
    ("name", "value"),
    [
{% for name, value in test.changes %}
        ("{{ name }}", {{ value }}),
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
{% for column in entity.columns if column.name not in test.refused %}
{% for value in column.invalid %}
        ("{{ column.name }}", {{ value }}),
{% endfor %}
{% endfor %}
{% for name in test.refused %}
        ("{{ name }}", "a field that no client may send"),
{% endfor %}
    ],
)
def test_refused(client: TestClient, name: str, value: object) -> None:
    row = {{ create }}(client)
    for response in (
        client.post(PATH, json={{ payload }}(client) | {name: value}),
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


@pytest.mark.parametrize("rows", [1, 50])
def test_one_statement_per_request(client: TestClient, statements: list[str], rows: int) -> None:
    created = [{{ create }}(client) for _ in range(rows)]
    payload = {{ payload }}(client)
    path = f"{PATH}/{created[0]['id']}"

    statements.clear()
    assert len(client.get(PATH, params={"limit": 50}).json()["items"]) == rows
    assert len(statements) == 1

    statements.clear()
    assert client.get(path).json() == created[0]
    assert len(statements) == 1

    statements.clear()
    assert client.post(PATH, json=payload).status_code == 201
    assert len(statements) == 1
{% if test.changes %}

    statements.clear()
    assert client.patch(path, json={"{{ test.changes[0][0] }}": {{ test.changes[0][1] }}}).status_code == 200
    assert len(statements) == 1
{% endif %}

    statements.clear()
    assert client.delete(path).status_code == 204
    assert len(statements) == 1
{% for collection in entity.collections %}
{% set other = "create_" ~ collection.other %}


def test_{{ collection.name }}(client: TestClient, statements: list[str]) -> None:
    row = {{ create }}(client)
    path = f"{PATH}/{row['id']}/{{ collection.path }}"
    assert client.get(path).json()["items"] == []
{% if not collection.link %}
    {{ other }}(client)  # belongs to another row
    others = [{{ other }}(client, {{ collection.column }}=row["id"]) for _ in range({{ collection.rows }})]
{% else %}
    others = [{{ other }}(client) for _ in range(50)]
{% if collection.direction == "rights" %}
    for one in others[:1] + others:  # to link twice changes nothing
        assert client.put(f"{path}/{one['id']}").status_code == 204
{% else %}
    for one in others:
        link = f"/{{ collection.other_path }}/{one['id']}/{{ collection.back_path }}/{row['id']}"
        assert client.put(link).status_code == 204
{% endif %}
{% endif %}

    for limit in (1, {{ collection.rows }}):
        statements.clear()
        items = client.get(path, params={"limit": limit}).json()["items"]
        assert items == others[::-1][:limit]
        assert len(statements) == 1
{% if collection.direction == "rights" %}

    assert client.delete(f"{path}/{others[0]['id']}").status_code == 204
    assert client.delete(f"{path}/{others[0]['id']}").status_code == 404
    assert client.get(path).json()["items"] == others[:0:-1]
    assert client.put(f"{path}/{NOWHERE}").status_code == 404
    assert client.put(f"{PATH}/{NOWHERE}/{{ collection.path }}/{others[0]['id']}").status_code == 404
{% endif %}
    assert client.get(f"{PATH}/{NOWHERE}/{{ collection.path }}").status_code == 404
{% endfor %}
{% for link in entity.links %}


def test_{{ link.ids }}(client: TestClient) -> None:
    first, second = create_{{ link.target }}(client), create_{{ link.target }}(client)
    row = {{ create }}(client, {{ link.ids }}=[first["id"], first["id"]])
    path = f"{PATH}/{row['id']}"
    linked = f"{path}/{{ link.name | replace("_", "-") }}"
    assert client.get(linked).json()["items"] == [first]
    assert client.patch(path, json={"{{ link.ids }}": [second["id"]]}).status_code == 200
    assert client.get(linked).json()["items"] == [second]
    assert client.patch(path, json={}).status_code == 200
    assert client.get(linked).json()["items"] == [second]

    response = client.patch(path, json={"{{ link.ids }}": [NOWHERE]})
    assert response.status_code == 422, response.text
    constraint = response.json()["detail"][0]["ctx"]["constraint"]
    assert constraint.startswith("{{ link.constraint[:55] }}")
    assert client.get(linked).json()["items"] == [second]
{% endfor %}
