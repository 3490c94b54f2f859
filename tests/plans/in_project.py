"""A test that runs in a rendered project with large tables: how PostgreSQL answers the API's lists.

The server logs what the application sends. That is explained here, with the values of the request
and, where the driver has prepared the statement, also as PostgreSQL may plan it for any values.
"""

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
import yaml
from fastapi.testclient import TestClient
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from tests.api.scenarios.constraints import expressions
from tests.rows import Rows, model_of

ROWS = 42_000  # divisible by 3: so pairs of references differ
# So many rows have the same value, where many have.
EQUAL = 150
LIMIT = 10
# So many rows a page may read: fewer than have a value, but what every fifth row has, say, is also
# found by the primary key. No index gives a range and the order by identifier: rows of a small one
# are sorted, rows of a large one are found by the primary key, and between the two is the worst.
MOST = 10 * LIMIT
MOST_OF_A_RANGE = ROWS // 10
# So often a statement is sent: by then the driver has prepared it.
REPETITIONS = 7

# The number of the row to which many others refer, and of one that is deep in each list.
FIRST = 1
OLD = 100
# Where there are few values, few rows have one of them, and these are old.
IS_RARE = "n < 5"

# Values of unique columns with a pattern, for row number `n`.
LETTERS = "translate(({})::text, '0123456789', 'ABCDEFGHIJ')"
PATTERNED = {
    "badges.code": "lpad(upper(to_hex(n)), 8, '0')",
    "courses.code": f"lpad({LETTERS.format('n / 1000')}, 4, 'A') || lpad((n % 1000)::text, 3, '0')",
    "departments.cost_centre": "lpad(n::text, 4, '0')",
    "products.sku": (
        f"lpad({LETTERS.format('n / 10000')}, 3, 'A') || '-' || lpad((n % 10000)::text, 4, '0')"
    ),
    "projects.key": f"lpad({LETTERS.format('n')}, 7, 'A')",
    "students.number": "'S' || lpad(n::text, 7, '0')",
}
# Tables in which such a column has room for no more.
FEWER = {"departments": 9_999}

# Statements of one's own, for which an example has an index.
OWN = {
    "employees": (
        "SELECT * FROM employees WHERE department_id = $1 ORDER BY hired_on DESC, name LIMIT 10"
    ),
    "posts": "SELECT * FROM posts WHERE author_id = $1 ORDER BY created_at DESC LIMIT 10",
    "salaries": (
        "SELECT effective_on, amount, currency FROM salaries"
        " WHERE employee_id = $1 ORDER BY effective_on DESC LIMIT 10"
    ),
    "tasks": (
        "SELECT * FROM tasks WHERE assignee_id = $1 AND done_at IS NULL ORDER BY due_on LIMIT 10"
    ),
}
# What kinds of indexes are for, by what stands in their definition.
KINDS = {
    "_pattern_ops": "SELECT count(*) FROM {table} WHERE {column} LIKE 'user12%'",
    "jsonb_path_ops": "SELECT * FROM {table} WHERE {column} @> '{{\"a\": 1}}'",
    "gin (search_vector)": (
        "SELECT count(*) FROM {table} WHERE {column} @@ websearch_to_tsquery('english', 'user7')"
    ),
}


def test_plans(client: TestClient, rows: Rows, engine: sa.Engine, embedded_server: Path) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        fill(rows, connection)
        log_statements(connection)
        check = Check(client, connection, embedded_server / "log")
        for path, parameters in lists(client):
            for kind, values in requests(connection, path, parameters):
                check.page(kind, path, values)
        first = f"'{identifier(FIRST)}'"
        for table in tables():
            check.references(table)
            if table.name in OWN:
                check.plan("own", f"on {table.name}", OWN[table.name], [first])
        for name, column, definition in definitions(connection):
            for kind, sql in KINDS.items():
                if kind in definition:
                    statement = sql.format(table=name, column=column)
                    check.plan("range", f"{kind} on {name}", statement, [])
        check.idempotency(next(path for path, _ in lists(client)))
        assert not check.problems, "\n\n".join(check.problems)

        existing = indexes(connection)
        declared = {name for name, columns in existing.items() if columns in declared_lists()}
        assert set(existing) - check.used == set()
        assert declared <= {*existing}


class Check:
    """Explains statements, and notes what is wrong and which indexes are used."""

    def __init__(self, client: TestClient, connection: psycopg.Connection, log: Path) -> None:
        self.client = client
        self.connection = connection
        self.log = log
        self.problems: list[str] = []
        self.used: set[str] = set()

    def page(self, kind: str, path: str, values: dict[str, Any]) -> None:
        """Request a page of a list."""
        start = self.log.stat().st_size
        for _ in range(REPETITIONS):
            response = self.client.get(path, params={"limit": LIMIT, **values})
            assert response.status_code == 200, response.text
        title = f"GET {path} {values}: {len(response.json()['items'])} items"
        name, sql, arguments = sent(self.log, start)[-1]
        if "_link" in sql:
            kind = "links"
        self.plan(kind, title, sql, arguments)
        if name != "<unnamed>":
            self.plan(f"{kind}, any values", title, sql, arguments, "force_generic_plan")

    def references(self, table: sa.Table) -> None:
        """Find what refers to a row, as PostgreSQL does when it deletes that row."""
        for key in table.foreign_keys:
            if "deleted_at" not in key.column.table.c:
                name = key.parent.name
                sql = f'SELECT FROM ONLY {table.name} WHERE "{name}" = $1 FOR KEY SHARE'
                nowhere = f"'{identifier(ROWS + 1)}'"
                self.plan("references", f"by {name}", sql, [nowhere], "force_generic_plan")

    def idempotency(self, path: str) -> None:
        """Send a request that must not happen twice, after which old keys are deleted."""
        start = self.log.stat().st_size
        self.client.post(path, json={}, headers={"Idempotency-Key": "key"})
        for _, sql, arguments in sent(self.log, start):
            if "DELETE FROM idempotency_keys" in sql:
                # The driver says of which type a value is; the log does not.
                sql = re.sub(r"now\(\) - (\$\d+)", r"now() - \1::interval", sql)
                self.plan("idempotency", path, sql, arguments)

    def plan(
        self,
        kind: str,
        title: str,
        sql: str,
        arguments: Sequence[str],
        mode: str = "force_custom_plan",
    ) -> None:
        """Run a statement and look at its plan."""
        self.execute(f"SET plan_cache_mode = {mode}")
        self.execute(f"PREPARE statement AS {sql}")
        values = f"({', '.join(arguments)})" if arguments else ""
        row = self.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE statement{values}").fetchone()
        self.execute("DEALLOCATE statement")
        assert row is not None
        nodes = list(walk(row[0][0]["Plan"]))
        self.used |= {node["Index Name"] for node in nodes if "Index Name" in node}
        # What is sorted was read before, so this stands for the size of a sort, too.
        most = MOST_OF_A_RANGE if kind == "range" else MOST
        if sum(map(rows_read, nodes)) > most or any(map(is_sequential, nodes)):
            lines = [f"{kind}: {title}", sql.replace("\n", " "), *map(describe, nodes)]
            self.problems.append("\n    ".join(lines))

    def execute(self, sql: str) -> psycopg.Cursor:
        return self.connection.execute(sql.encode())


# ---- What PostgreSQL says ----

RECORD = re.compile(r"^(?=[A-Z]+:  )", re.MULTILINE)
STATEMENT = re.compile(r"LOG:  execute ([^:]+): (.*)", re.DOTALL)
ARGUMENT = re.compile(r"\$\d+ = ('(?:[^']|'')*'|NULL)")


def log_statements(connection: psycopg.Connection) -> None:
    """Have the server log each statement."""
    connection.execute("ALTER SYSTEM SET log_statement = 'all'")
    connection.execute("ALTER SYSTEM SET log_line_prefix = ''")
    connection.execute("SELECT pg_reload_conf()")
    while connection.execute("SHOW log_statement").fetchone() != ("all",):
        time.sleep(0.01)


def sent(log: Path, start: int) -> list[tuple[str, str, list[str]]]:
    """Return the statements in the log from a position on: name, text and arguments."""
    with log.open("rb") as file:
        file.seek(start)
        records = RECORD.split(file.read().decode())
    statements = []
    for record, detail in zip(records, [*records[1:], ""], strict=True):
        if match := STATEMENT.fullmatch(record.rstrip("\n")):
            arguments = ARGUMENT.findall(detail) if detail.startswith("DETAIL:") else []
            statements.append((match[1], match[2], arguments))
    return statements


def walk(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return a node of a plan, and those below it."""
    yield plan
    for child in plan.get("Plans", []):
        yield from walk(child)


def rows_read(node: dict[str, Any]) -> int:
    """Return how many rows a node read from a table or an index."""
    if "Relation Name" not in node and "Index Name" not in node:
        return 0
    counts = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    rows: float = sum(node.get(count, 0) for count in counts) * node["Actual Loops"]
    return round(rows)


def is_sequential(node: dict[str, Any]) -> bool:
    """Tell whether a node reads a whole table."""
    return bool(node["Node Type"] == "Seq Scan")


def describe(node: dict[str, Any]) -> str:
    """Return a line for a node."""
    names = (node.get(key) for key in ("Node Type", "Relation Name", "Index Name"))
    return f"{' '.join(filter(None, names))}: {rows_read(node)} rows read"


def definitions(connection: psycopg.Connection) -> list[tuple[str, str, str]]:
    """Return the tables, first columns and definitions of indexes."""
    query = """
        SELECT indrelid::regclass::text, quote_ident(attname), pg_get_indexdef(indexrelid)
        FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    """
    return connection.execute(query).fetchall()


def indexes(connection: psycopg.Connection) -> dict[str, tuple[str, ...]]:
    """Return the columns of the indexes by name, without those that make something unique."""
    query = """
        SELECT indexrelid::regclass::text, array_agg(attname::text ORDER BY place)
        FROM pg_index
        JOIN pg_class ON pg_class.oid = indrelid
        CROSS JOIN unnest(indkey) WITH ORDINALITY AS keys (key, place)
        JOIN pg_attribute ON attrelid = indrelid AND attnum = key
        WHERE NOT indisunique AND relnamespace = 'public'::regnamespace
        GROUP BY indexrelid
    """
    return {name: tuple(columns) for name, columns in connection.execute(query)}


# ---- What is asked ----


def lists(client: TestClient) -> Iterator[tuple[str, list[str]]]:
    """Return the paths of lists, and the names of their parameters."""
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        parameters = operations.get("get", {}).get("parameters", [])
        names = [each["name"] for each in parameters if each["in"] == "query"]
        if "limit" in names:
            yield re.sub(r"\{\w+\}", identifier(FIRST), path), names


def requests(
    connection: psycopg.Connection,
    path: str,
    parameters: list[str],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the parameters of requests, by kind: pages, and values that many or few rows have."""
    table = SQLModel.metadata.tables.get(path.strip("/").replace("-", "_"))
    choices: list[tuple[str, dict[str, Any]]] = [
        ("all" if table is not None else "below a row", {})
    ]
    for column in table.c if table is not None else []:
        name = column.name
        if name not in parameters:
            continue
        query = f'SELECT "{name}", count(*) FROM {table} WHERE "{name}" IS NOT NULL GROUP BY 1'
        counts: dict[Any, int] = dict(connection.execute(query.encode()).fetchall())
        few, many = (choose(counts, key=counts.__getitem__) for choose in (min, max))
        kind = "one of a few values" if len(counts) < 10 else "value"
        if isinstance(column.type, sa.Boolean):
            kind = "true or false"
        choices += [(kind, {name: text(value)}) for value in dict.fromkeys((few, many))]
        if f"{name}_from" in parameters:
            low, high = text(min(counts)), text(max(counts))
            choices += [
                ("range", {f"{name}_from": low, f"{name}_to": low}),
                ("range", {f"{name}_from": low, f"{name}_to": high}),
                ("range", {f"{name}_from": high}),
                ("range", {f"{name}_to": high}),
            ]
    for kind, choice in choices:
        yield kind, choice
        if "cursor" in parameters:
            yield kind, {**choice, "cursor": identifier(OLD)}


def text(value: Any) -> str:
    """Return a value as a parameter of a request."""
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def declared_lists() -> set[tuple[str, ...]]:
    """Return the columns of `indexes` in schema.yml."""
    domain = yaml.safe_load(Path("schema.yml").read_text(encoding="utf-8"))["entities"]
    found = set()
    for entity in domain.values():
        relations = entity.get("relations", {})
        for index in entity.get("indexes", []):
            names = (
                index if isinstance(index, list) else index["columns"] + index.get("include", [])
            )
            plain = [name.removeprefix("-") for name in names]
            found.add(tuple(f"{name}_id" if name in relations else name for name in plain))
    return found


# ---- Rows ----


def tables() -> list[sa.Table]:
    """Return the tables of the domain."""
    return [
        table for table in SQLModel.metadata.tables.values() if table.name != "idempotency_keys"
    ]


def identifier(number: int) -> str:
    """Return the identifier of a row."""
    if any(isinstance(table.c.id.type, sa.BigInteger) for table in tables() if "id" in table.c):
        return str(number)
    return f"00000000-0000-7000-8000-{number:012x}"


def identifier_of(number: str) -> str:
    """Return SQL for the identifier of a row, from SQL for its number."""
    if identifier(FIRST) == str(FIRST):
        return f"({number})"
    return f"('00000000-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def fill(rows: Rows, connection: psycopg.Connection) -> None:
    """Make many rows of one of each kind."""
    for table in tables():
        rows.make(model_of(table))
    names = ", ".join(table.name for table in tables())
    statements = [
        f"CREATE TEMP TABLE one_{each.name} AS SELECT * FROM {each.name}" for each in tables()
    ]
    # Rows may refer to those that come after them.
    statements += [f"TRUNCATE {names}", "SET session_replication_role = replica"]
    for table in tables():
        amount = FEWER.get(table.name, ROWS)
        values = {column.name: value(column) for column in table.c if column.computed is None}
        statements.append(
            f"INSERT INTO {table.name} ({', '.join(map(quoted, values))})"
            f" SELECT {', '.join(values.values())} FROM generate_series(1, {amount}) n"
            f" LEFT JOIN LATERAL (SELECT * FROM one_{table.name} LIMIT 1) one ON true"
        )
    statements.append(
        "INSERT INTO idempotency_keys (key, fingerprint, created_at)"
        f" SELECT n, '', now() - n * interval '1 second' FROM generate_series(1, {ROWS}) n"
    )
    statements += ["SET session_replication_role = DEFAULT", "VACUUM (ANALYZE)"]
    for statement in statements:
        connection.execute(statement.encode())


def quoted(name: str) -> str:
    """Return a name in SQL."""
    return f'"{name}"'


def value(column: sa.Column[Any]) -> str:
    """Return SQL for the value of a column in row number `n`."""
    table = column.table
    assert isinstance(table, sa.Table)
    if column.name == "id":
        return identifier_of("n")
    if column.foreign_keys:
        return reference(table, column)
    if column.name == "deleted_at":
        return "CASE WHEN n % 10 = 3 THEN now() END"
    if f"{table.name}.{column.name}" in PATTERNED:
        return PATTERNED[f"{table.name}.{column.name}"]
    is_unique = any(column.name in names for names in unique_lists(table))
    is_indexed = any(column.name in index.columns for index in table.indexes)
    if isinstance(column.type, JSONB) or not (is_unique or is_indexed):
        return f'one."{column.name}"'
    number = "n" if is_unique else f"n % {ROWS // EQUAL}"
    match getattr(column.type, "impl_instance", column.type):
        case sa.Enum(enums=names):
            *others, last = [f"$${name}$$" for name in names]
            frequent = f"(ARRAY[{', '.join(others)}])[1 + n % {len(others)}]"
            return f"CASE WHEN {IS_RARE} THEN {last} ELSE {frequent} END"
        case sa.DateTime():
            return f"timestamptz '2000-01-01Z' + {number} * interval '1 day'"
        case sa.Date():
            return f"date '1940-01-01' + {number}"
        case sa.Time():
            return f"time '00:00' + {number} * interval '1 minute'"
        case sa.Integer() | sa.Numeric():
            return "n" if is_unique else f"CASE WHEN {IS_RARE} THEN 6 ELSE 1 + n % 5 END"
        case sa.Boolean():
            return IS_RARE
        case sa.Uuid():
            return "gen_random_uuid()"
    return f"'user' || {number}" + (" || '@example.com'" if column.name == "email" else "")


def reference(table: sa.Table, column: sa.Column[Any]) -> str:
    """Return SQL for a foreign key: of many rows the first one, of each of the others another."""
    keys = [each for each in table.c if each.foreign_keys]
    place = keys.index(column)
    (target,) = [key.column.table for key in column.foreign_keys]
    number = f"1 + (n + {place}) % {FEWER.get(target.name, ROWS)}"
    if [column.name] not in unique_lists(table):
        number = f"CASE n % {len(keys) + 1} WHEN {place} THEN {FIRST} ELSE {number} END"
    found = identifier_of(number)
    return f"CASE WHEN n > {FIRST} THEN {found} END" if target is table else found


def unique_lists(table: sa.Table) -> list[list[str]]:
    """Return the columns that are unique, or unique together."""
    constraints = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    unique = constraints + [index for index in table.indexes if index.unique]
    lower = [[name[6:-1]] for index in table.indexes if index.unique for name in expressions(index)]
    return [list(each.columns.keys()) for each in unique] + lower
