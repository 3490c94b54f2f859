{% from "includes/python.jinja" import sorted_imports with context %}
"""How PostgreSQL answers lists: an index has to serve what clients may ask for.

Each list, filter, order, search and include is requested, on tables with rows of all kinds. If a
page of a few rows takes many that are read, the test fails and says which index to declare. Nor does
a page of many rows take more statements than one of a single row.
"""

import json
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, PrimaryKeyConstraint, Table, UniqueConstraint, inspect
from sqlmodel import SQLModel

{{ sorted_imports([
  [package_name ~ ".data.sorting", ["indexed_columns"]],
  [package_name ~ ".db.urls", ["conninfo"]],
  ["explaining.statements", ["Connection", "Sent", "collecting"]],
  ["seeding.fill", ["fill"]],
  ["tests.applications", ["Applications", "settings_for"]],
  ["tests.rows", ["model_of"]],
]) }}

# Filters of your own that may read a whole table: ("/posts", "words").
UNSERVED: set[tuple[str, str]] = set()

ROWS = 400  # of each table
LIMIT = 2
# Below a row that has no related rows nothing is asked, so a page of one may take fewer statements.
LEVELS = 3
# So many rows a page may read. What every twentieth row has is found by the identifiers, too.
MOST = 50 * LIMIT

PAGING = {"limit", "cursor", "offset", "with_total", "sort", "include"}
# What follows the name of a column in the name of its filter.
ENDS = ("_from", "_to", "_starts_with", "_is_null", "_contains")

# The tables are small, and few pages cost nothing: what counts is the number of rows.
BY_ROWS = "SET enable_seqscan = off; SET seq_page_cost = 0; SET random_page_cost = 0"
# A few rows are also sorted.
IN_ORDER = "SET enable_bitmapscan = off; SET enable_sort = off"


@dataclass(frozen=True)
class Request:
    """A page that a client may ask for."""

    path: str
    params: dict[str, Any]
    # What an index finds, or sorts by.
    column: str
    # No index sorts what several values, or a range of them, leave: many rows may be read.
    is_bounded: bool = True

    def __str__(self) -> str:
        """Return the request as one would type it."""
        params = "&".join(f"{name}={value}" for name, value in self.params.items())
        return f"GET {self.path}?{params}"


def test_an_index_serves_each_list(own_database: Engine, applications: Applications) -> None:
    tables = dict.fromkeys(entities(), ROWS)
    fill(own_database.url, rows=ROWS * len(tables), seed=1, tables=tables)
    problems = []
    with (
        applications.running(settings_for(own_database.url)) as app,
        psycopg.connect(conninfo(own_database.url), autocommit=True) as connection,
    ):
        connection.execute(BY_ROWS)
        client = applications.client(app)
        for request in requests(client):
            if (rows := most_rows_read(client, connection, request)) > MOST:
                problems.append(f"{request} reads {rows} rows. {advice(request)}")
            few, many = (statements_sent(client, request, limit) for limit in (1, 100))
            if not few <= many <= few + LEVELS:
                problems.append(f"{request} takes {few} statements for 1 row, {many} for 100")
    assert not problems, "\n".join(problems)


@pytest.mark.filterwarnings("default:no list needs")
def test_indexes_that_serve_nothing_are_named(client: TestClient) -> None:
    """An index may be for statements of your own: `why` in schema.yml says so."""
    for table, (filters, sorts) in asked_of_tables(client).items():
        for index in table.indexes:
            columns = indexed_columns(index)
            is_plain = not index.unique and not index.dialect_options["postgresql"]["using"]
            if is_plain and "why" not in index.info and columns[0] not in filters | sorts:
                message = f"no list needs {index.name} of [{', '.join(columns)}]"
                warnings.warn(f"{message}: remove it, or say `why` it is there", stacklevel=1)


def test_an_index_finds_what_refers_to_a_row() -> None:
    """To delete a row, PostgreSQL looks for the rows that refer to it."""
    for table in SQLModel.metadata.tables.values():
        for key in table.foreign_keys:
            assert is_indexed(table, key.parent.name), f"{table.name}.{key.parent.name}"


# ---- What is asked ----


def entities() -> dict[str, Table]:
    """Return the tables that have identifiers: all but those of links."""
    tables = SQLModel.metadata.tables.items()
    return {name: table for name, table in tables if "id" in table.c}


def lists(client: TestClient) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the path of each list, and its query parameters."""
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        parameters = operations.get("get", {}).get("parameters", [])
        found = {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}
        if "limit" in found:
            yield path, found


def table_of_path(path: str) -> Table | None:
    """Return the table of a list, if it is one of all rows."""
    return entities().get(path.strip("/").replace("-", "_"))


def asked_of_tables(client: TestClient) -> dict[Table, tuple[set[str], set[str]]]:
    """Return the columns by which each table is filtered and sorted."""
    asked = {}
    for path, parameters in lists(client):
        if (table := table_of_path(path)) is not None:
            sorts = {sort.lstrip("-") for sort in choices(parameters["sort"])}
            asked[table] = (set(parameters) - PAGING, sorts)
    return asked


def choices(schema: dict[str, Any]) -> list[str]:
    """Return the values that a parameter may have."""
    found: list[str] = schema.get("enum") or schema.get("items", {}).get("enum", [])
    return found or ([schema["items"]["const"]] if "const" in schema.get("items", {}) else [])


def requests(client: TestClient) -> Iterator[Request]:
    """Yield requests of all kinds."""
    for path, parameters in lists(client):
        if "{" in path:
            yield from below_a_row(client, path)
            continue
        items = client.get(path, params={"limit": 200}).json()["items"]
        if not items:
            continue
        yield Request(path, {}, "id")
        for name in choices(parameters.get("include", {})):
            yield Request(path, {"include": name}, f"that {name} goes by")
        for sort in choices(parameters.get("sort", {})):
            yield from in_order(client, path, sort, items)
        for name in parameters.keys() - PAGING:
            if (path, name) not in UNSERVED:
                yield from filtered(path, name, items)


def below_a_row(client: TestClient, path: str) -> Iterator[Request]:
    """Yield the request for the list below the row that has most in it."""
    parent, _, rest = path.partition("/{")
    key, _, name = rest.partition("}/")
    relation = name.replace("-", "_")
    response = client.get(parent, params={"include": relation, "limit": 200})
    table = table_of_path(parent)
    if not response.is_success or "{" in name or table is None:
        return  # a path of your own
    items = response.json()["items"]
    longest = max(items, key=lambda item: len(item[relation]["items"]))
    # Linked rows are found one by one, and then sorted.
    is_linked = inspect(model_of(table)).relationships[relation].secondary is not None
    found = f"{parent}/{longest['id']}/{name}"
    yield Request(found, {}, f"that refers to {key}", is_bounded=not is_linked)


def in_order(
    client: TestClient, path: str, sort: str, items: list[dict[str, Any]]
) -> Iterator[Request]:
    """Yield the request for an order, with the filters that it needs."""
    column = sort.lstrip("-")
    params: dict[str, Any] = {"sort": sort}
    response = client.get(path, params=params)
    if column == "relevance" and not response.is_success:
        return
    if not response.is_success:
        needed = re.findall(r"\w+", response.json()["detail"][0]["msg"].partition(" of ")[2])
        names = [name for name in needed if name in items[0]]
        complete = [item for item in items if None not in [item[name] for name in names]]
        if not complete:
            return
        params |= {name: complete[0][name] for name in names}
        column = ", ".join([*names, column])
    yield Request(path, params, column, is_bounded=column != "relevance")


def filtered(path: str, name: str, items: list[dict[str, Any]]) -> Iterator[Request]:
    """Yield requests with a filter: of values that many rows have, and few."""
    if name in items[0]:
        counts = Counter(item[name] for item in items if item[name] is not None)
        ranked = [value for value, _ in counts.most_common()]
        for value in dict.fromkeys(ranked[:1] + ranked[-1:]):
            yield Request(path, {name: value}, name)
        if len(ranked) > 1:
            yield Request(path, {name: ranked[:2]}, name, is_bounded=False)
        return
    for end in ENDS:
        column = name.removesuffix(end)
        if name.endswith(end) and column in items[0]:
            values = [item[column] for item in items if item[column] is not None]
            value = values[0] if values else None
            if end == "_is_null":
                for is_null in (True, False):
                    yield Request(path, {name: is_null}, column, is_bounded=False)
            elif value is not None:
                sent = value[:3] if end == "_starts_with" else value
                sent = json.dumps(sent) if end == "_contains" else sent
                yield Request(path, {name: sent}, column, is_bounded=False)
            return
    if name == "q":
        yield Request(path, {"q": "word"}, "search_vector", is_bounded=False)
        return
    for value in ("a", 1, "true"):
        yield Request(path, {name: value}, name)


# ---- How it is answered ----


def most_rows_read(client: TestClient, connection: Connection, request: Request) -> int:
    """Return how many rows a statement of a page reads, of the first page or the next one."""
    params = {"limit": LIMIT, **request.params}
    table = table_of_path(request.path)
    if not request.is_bounded:
        return ROWS if table is not None and not is_indexed(table, request.column) else 0
    found = 0
    for _ in range(2):
        with collecting() as statements:
            response = client.get(request.path, params=params)
        if response.status_code == 422:
            # No index serves the order; or this is a filter of your own, which takes other values.
            return ROWS if "sort" in request.params else found
        assert response.is_success, f"{request}: {response.text}"
        found = max([found, *(rows_read(connection, sent) for sent in statements)])
{% if pagination == "cursor" %}
        params["cursor"] = response.json()["next_cursor"]
        if params["cursor"] is None:
            break
{% else %}
        params["offset"] = LIMIT
{% endif %}
    return found


def statements_sent(client: TestClient, request: Request, limit: int) -> int:
    """Return how many statements a page of so many rows takes."""
    with collecting() as statements:
        client.get(request.path, params=request.params | {"limit": limit})
    return len(statements)


def is_indexed(table: Table, column: str) -> bool:
    """Tell whether there is an index that begins with a column, or with what is made of it."""
    first = [indexed_columns(index)[0] for index in table.indexes]
    for constraint in table.constraints:
        if isinstance(constraint, (PrimaryKeyConstraint, UniqueConstraint)):
            first.append(constraint.columns.keys()[0])
    return any(re.search(rf"\b{column}\b", each) for each in first)


def rows_read(connection: Connection, sent: Sent) -> int:
    """Return how many rows a statement reads from tables and indexes, in the better of two ways."""
    found = []
    for settings in ("", IN_ORDER):
        with connection.transaction(force_rollback=True):
            connection.execute(settings.encode())
            (plan,) = sent.explained(connection, "ANALYZE, FORMAT JSON")
        found.append(round(sum(map(rows_of_node, nodes(plan[0]["Plan"])))))
        if found[0] <= MOST:
            break
    return min(found)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a node of a plan, and those below it."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def rows_of_node(node: dict[str, Any]) -> float:
    """Return how many rows a node reads by itself."""
    if "Relation Name" not in node and "Index Name" not in node:
        return 0
    counts = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return float(node["Actual Loops"] * sum(node.get(count, 0) for count in counts))


def advice(request: Request) -> str:
    """Return what to do about a request that reads too much."""
    table = table_of_path(request.path)
    if table is None or request.column.startswith("that "):
        return f"Declare an index of the column {request.column}"
    if not set(request.column.split(", ")) <= set(table.c.keys()):
        return f"Make an index for it, or add {(request.path, request.column)} to UNSERVED"
    return f"Declare it in schema.yml: indexes: [[{request.column}]]"
