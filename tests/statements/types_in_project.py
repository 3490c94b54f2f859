"""Tests that run in a rendered project: a Statement does what SQLAlchemy does with the same clause.

Three ways lead to the same rows: a Statement, the session of a request, and an engine of SQLAlchemy
that has nothing of the project in it.
"""

import asyncio
import datetime as dt
import enum
import inspect
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, note
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from my_blog.data.statements import Statement, parameter
from my_blog.data.values import RefusedValueError
from my_blog.db.database import Database
from my_blog.db.limits import TimeLimit
from my_blog.db.session import DatabaseSession, Mode
from my_blog.models.specimen import Specimen, SpecimenAEnum, SpecimenSomeEnum
from my_blog.settings import Settings
from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import StatementError
from sqlalchemy.types import TypeDecorator, TypeEngine

from tests.resources.specimen import SPECIMEN
from tests.rows import Rows

SECONDS = 600  # more than the tests take
EXAMPLES = 100
TABLE = Specimen.__table__
MADE = ("id", "created_at", "updated_at")
COLUMNS = [column for column in TABLE.c if column.name not in MADE]
# All that the rows hold beside it, as the server writes it.
STORED = text(
    "SELECT (to_jsonb(specimens) - 'id' - 'created_at' - 'updated_at')::text || a_json::text"
    " FROM specimens WHERE id IN :identifiers"
).bindparams(bindparam("identifiers", expanding=True))

REFUSALS = (psycopg.DataError, psycopg.errors.ProgramLimitExceeded, UnicodeEncodeError)

Row = dict[str, Any]


Bind = Callable[[str, TypeEngine[Any]], Any]
Build = Callable[[Bind], Any]


class Ways:
    """Three ways to run the clause that a function builds, with values or with parameters for them."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._loop = asyncio.Runner()
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._database = Database(settings)
        self._loop.run(settled(self._database.open()))

    def close(self) -> None:
        """Give all connections back."""
        self._loop.run(settled(self._database.close()))
        self._loop.close()

    def by_statement(self, build: Build, values: Row) -> list[Row]:
        """Run it as the repository does."""
        clause = build(parameter)
        statement = Statement(clause, writes=not clause.is_select)

        async def run(session: DatabaseSession) -> list[Row]:
            found: list[Row] = await settled(statement.rows(session, values))
            return found

        return self._loop.run(self._in_session(Mode.SINGLE_WRITE, run))

    def by_session(self, build: Build, values: Row) -> list[Row]:
        """Run it in the session of a request."""
        clause = build(bind_to(values))

        async def run(session: DatabaseSession) -> list[Row]:
            found = [dict(row._mapping) for row in await settled(session.exec(clause))]
            await settled(session.commit())
            return found

        mode = Mode.READ if clause.is_select else Mode.TRANSACTION
        return self._loop.run(self._in_session(mode, run))

    def by_engine(self, build: Build, values: Row) -> list[Row]:
        """Run it with SQLAlchemy alone."""
        with self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(build(bind_to(values)))]

    def outcomes(self, build: Build, values: Row) -> list[Any]:
        """Return what each way leads to."""
        return [
            outcome(run, build, values)
            for run in (self.by_statement, self.by_session, self.by_engine)
        ]

    async def _in_session(
        self, mode: Mode, run: Callable[[DatabaseSession], Awaitable[list[Row]]]
    ) -> list[Row]:
        session = DatabaseSession(self._database, mode, TimeLimit(SECONDS))
        try:
            return await run(session)
        finally:
            await settled(session.release())


async def settled(result: Any) -> Any:
    """Wait for a result where the project is async."""
    return await result if inspect.isawaitable(result) else result


def bind_to(values: Row) -> Bind:
    """Return what binds a value where a Statement has a parameter."""
    return lambda name, type_: bindparam(None, values[name], type_=type_)


@pytest.fixture
def engine(own_database: Engine) -> Engine:
    """Return SQLAlchemy's own engine, on a database that a test may change."""
    return own_database


@pytest.fixture
def ways(settings: Settings, engine: Engine) -> Iterator[Ways]:
    """Return the three ways to run a clause."""
    ways = Ways(settings, engine)
    yield ways
    ways.close()


# ---- Values ----

# From the first to the last moment that PostgreSQL and Python both know.
zones = st.sampled_from([dt.UTC, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York")])
moments = st.datetimes(
    min_value=dt.datetime(1, 1, 3), max_value=dt.datetime(9999, 12, 29), timezones=zones
)
without_nul = st.text(st.characters(exclude_characters="\0"), max_size=20)
documents: st.SearchStrategy[Any] = st.deferred(
    lambda: lists | st.dictionaries(without_nul, parts, max_size=3)
)
parts: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(-1e300, 1e300) | without_nul | documents
)
lists: st.SearchStrategy[Any] = st.lists(parts, max_size=3)
FITTING: dict[str, st.SearchStrategy[Any]] = {
    "str": without_nul,
    "text": without_nul,
    "int": st.integers(-(2**31), 2**31 - 1),
    "float": st.floats(),
    "decimal": st.decimals(allow_nan=True, allow_infinity=True),
    "price": st.decimals(-99999, 99999, places=5, allow_nan=False),
    "bool": st.booleans(),
    "date": st.dates(),
    "datetime": moments,
    "time": st.times(),
    "uuid": st.uuids(),
    "json": documents,
    "a_enum": st.sampled_from(SpecimenAEnum),
    "some_enum": st.sampled_from(SpecimenSomeEnum),
    "email": without_nul,
    "url": without_nul,
}
LONG = random.Random(1).randbytes(9_000).hex()
ODD = st.sampled_from(
    [
        None,
        *("", " ", "%", "%s", "%(a)s", ":a", "\\", "'", '"', "a\0b", "\ud800", "\U0001f600", LONG),
        *("draft", "DRAFT", "in progress", "nonsense", "1", "NaN", "infinity", "2000-01-01"),
        *(0, -1, 2**15, 2**31 - 1, 2**31, -(2**31) - 1, 2**63 - 1, 2**63, 2**64, 10**400),
        *(-0.0, 5e-324, 1e308, float("nan"), float("inf"), float("-inf"), True, False),
        *map(Decimal, ["0", "-0", "0E-30", "1E+30", "NaN", "sNaN", "Infinity", "-Infinity"]),
        *map(
            Decimal, ["1E+131071", "1E+131072", "1E-16383", "1E-16384", "99999.9995", "1E+400000"]
        ),
        *(dt.date.min, dt.date.max, dt.datetime.min, dt.datetime.max),
        *(each.replace(tzinfo=dt.UTC) for each in (dt.datetime.min, dt.datetime.max)),
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=14))),
        dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=14))),
        dt.datetime(1900, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=1, minutes=17))),
        dt.datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        *(dt.time.min, dt.time.max, dt.time(1, tzinfo=dt.UTC), dt.timedelta(days=1)),
        *(UUID(int=0), UUID(int=2**128 - 1), SpecimenAEnum.DRAFT, SpecimenSomeEnum.DRAFT),
        *({}, [], [[]], {"a": None}, ["a\0"], {"\0": 1}, ["\ud800"], [float("nan")], [1e400]),
        *([10**400], {1: 2}, [dt.date.min], {"a"}, b"", b"a\0", object),
    ]
)


def fitting(column: sa.Column[Any]) -> st.SearchStrategy[Any]:
    """Return values that a column can hold."""
    name = column.name
    values = FITTING[name if name in FITTING else name.partition("_")[2]]
    return values | st.none() if column.nullable else values


SIMPLE = {
    "a_str": "a",
    "a_text": "a",
    "a_int": 1,
    "a_float": 1.5,
    "a_decimal": Decimal("1.5"),
    "a_price": Decimal("1.5"),
    "a_bool": True,
    "a_date": dt.date(2000, 1, 2),
    "a_datetime": dt.datetime(2000, 1, 2, tzinfo=dt.UTC),
    "a_time": dt.time(1),
    "a_uuid": UUID(int=1),
    "a_json": {"a": "b"},
    "a_enum": SpecimenAEnum.DRAFT,
    "a_email": "a@example.com",
    "a_url": "https://example.com",
}
some_row = st.fixed_dictionaries({column.name: fitting(column) for column in COLUMNS})


@st.composite
def odd_fields(draw: st.DrawFn) -> tuple[str, Any]:
    """Return a column and a value that it holds, or refuses, or that is of another type."""
    column = draw(st.sampled_from(COLUMNS))
    return column.name, draw(ODD | fitting(column))


# ---- Outcomes ----


@dataclass(frozen=True)
class Value:
    """A value that equals those of its type only: `1 == True`, and NaN does not even equal itself."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return repr(self) == repr(other)

    def __repr__(self) -> str:
        return f"{type(self.value).__name__} {self.value!r}"


def outcome(run: Callable[[Build, Row], list[Row]], build: Build, values: Row) -> Any:
    """Return the rows, or why there are none."""
    try:
        found = run(build, values)
    except RefusedValueError as error:
        return reason(error.__cause__)
    except StatementError as error:
        return reason(error.orig)
    except Exception as error:
        # SQLAlchemy lets an error of Python through; a Statement says that the value is refused.
        if run.__name__ == "by_statement" and isinstance(error, REFUSALS):
            raise
        return reason(error)
    return [{name: Value(value) for name, value in row.items()} for row in found]


def reason(error: BaseException | None) -> tuple[type, str | None]:
    """Return what kind of error it is."""
    return type(error), getattr(error, "sqlstate", None)


def assert_all_alike(found: list[Any]) -> None:
    """Check that all ways lead to the same."""
    first, *others = found
    for other in others:
        assert other == first


# ---- The tests ----

many = hypothesis_settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)


def inserting(bind: Bind) -> Any:
    """Return the clause that inserts a row."""
    bound = {each.name: bind(each.name, each.type) for each in COLUMNS}
    return insert(TABLE).values(bound).returning(TABLE.c.id, *COLUMNS)


@given(some_row, odd_fields())
@many
def test_same_rows(ways: Ways, elsewhere: Connection, row: Row, odd: tuple[str, Any]) -> None:
    name, value = odd
    found = ways.outcomes(inserting, row | {name: value})
    note(f"inserted: {found}")
    if isinstance(found[0], tuple):
        assert_all_alike(found)
        return
    identifiers = [rows[0].pop("id").value for rows in found]
    assert_all_alike(found)

    stored = elsewhere.execute(STORED, {"identifiers": identifiers}).scalars().all()
    assert len(stored) == 3
    assert_all_alike(list(stored))

    def reading(bind: Bind) -> Any:
        return select(*COLUMNS).where(TABLE.c.id == bind("id", TABLE.c.id.type))

    for identifier in identifiers:
        read = ways.outcomes(reading, {"id": identifier})
        assert_all_alike([*read, found[0]])


OPERATORS: dict[str, Callable[[sa.Column[Any], Any, Any], Any]] = {
    "equals": lambda column, value, bound: column == bound,
    "at least": lambda column, value, bound: column >= bound,
    "at most": lambda column, value, bound: column <= bound,
    "among": lambda column, value, bound: column.in_([value, value]),
    "a constant": lambda column, value, bound: column != literal(value, column.type),
}


@given(st.lists(some_row, max_size=1), odd_fields(), st.sampled_from(sorted(OPERATORS)))
@many
def test_same_filters(ways: Ways, kept: list[Row], odd: tuple[str, Any], operator: str) -> None:
    name, value = odd
    for row in kept:
        # A row has the value, if it can.
        ways.outcomes(inserting, row | {name: value})

    def filtering(bind: Bind) -> Any:
        criterion = OPERATORS[operator](TABLE.c[name], value, bind("value", TABLE.c[name].type))
        return select(func.count().label("count"), func.max(TABLE.c.a_int).label("most")).where(
            criterion
        )

    assert_all_alike(ways.outcomes(filtering, {"value": value}))


class Cents(TypeDecorator[Decimal]):
    """An amount that is kept in cents."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class Words(TypeDecorator[frozenset[str]]):
    """Words without an order, on top of a type that is converted by itself."""

    impl = pg.JSONB
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return {"words": sorted(value or [])}

    def process_result_value(self, value: Any, dialect: Any) -> frozenset[str]:
        return frozenset(value["words"])


class Encoded(TypeDecorator[str]):
    """Text that SQL converts."""

    impl = sa.LargeBinary
    cache_ok = True

    def bind_expression(self, bindparam: Any) -> Any:
        return func.convert_to(sa.type_coerce(bindparam, sa.Text), "UTF8")

    def column_expression(self, column: Any) -> Any:
        return func.convert_from(column, "UTF8")


class Level(enum.Enum):
    """An enum whose names are stored, in a type of the database."""

    LOW = 1
    HIGH = 2


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Cents(), Decimal("1.25")),
        (Cents(), Decimal("1e30")),
        (Words(), {"b", "a"}),
        (Words(), {"\0"}),
        (Encoded(), "text"),
        (sa.Enum(Level), Level.HIGH),
        (sa.ARRAY(sa.Enum(Level)), [Level.HIGH, None]),
        (sa.ARRAY(sa.Numeric), [Decimal("0.1")]),
        (sa.ARRAY(sa.Integer, dimensions=2), [[1, 2], [3, 4]]),
        (sa.REAL(), 0.1),
        (sa.Float(10), 0.1),
        (sa.Float(53), 0.1),
        (sa.Float(asdecimal=True), 0.1),
        (sa.DECIMAL(8, 2), Decimal("0.1")),
        (sa.Numeric(asdecimal=False), 0.1),
        (sa.SmallInteger(), 2**15),
        (sa.VARCHAR(3), "four"),
        (sa.CHAR(4), "two"),
        (sa.String(collation="C"), "text"),
        (sa.Uuid(as_uuid=False), "00000000-0000-0000-0000-00000000000f"),
        (sa.LargeBinary(), b"a\0b"),
        (sa.PickleType(), {"a": Level.LOW}),
        (sa.Interval(), dt.timedelta(days=3, seconds=1)),
        (sa.DateTime(), dt.datetime(2000, 1, 2, 3)),
        (sa.Time(timezone=True), dt.time(1, tzinfo=dt.UTC)),
        (sa.JSON(), {"a": 1}),
        (sa.JSON(), None),
        (sa.Text().with_variant(pg.JSONB(), "postgresql"), ["a"]),
        (pg.INET(), "192.0.2.1"),
        (pg.INT4RANGE(), pg.Range(1, 5)),
        (pg.TSVECTOR(), "a b"),
        (pg.DOMAIN("positive", sa.Integer, check=text("VALUE > 0")), 1),
        (pg.DOMAIN("positive", sa.Integer, check=text("VALUE > 0")), -1),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_types_of_ones_own(ways: Ways, elsewhere: Connection, type_: Any, value: Any) -> None:
    metadata = sa.MetaData()
    table = sa.Table("things", metadata, sa.Column("id", sa.Integer), sa.Column("value", type_))
    metadata.create_all(elsewhere)

    def inserting(bind: Bind) -> Any:
        return insert(table).values(value=bind("value", type_)).returning(table.c.value)

    def reading(bind: Bind) -> Any:
        return select(table.c.value)

    assert_all_alike(ways.outcomes(inserting, {"value": value}))
    assert_all_alike(ways.outcomes(reading, {}))


CLAUSES: dict[str, Callable[[], Any]] = {
    "pairs": lambda: sa.tuple_(TABLE.c.a_int, TABLE.c.a_enum).in_([(1, SpecimenAEnum.DRAFT)]),
    "among none": lambda: TABLE.c.a_enum.in_([]),
    "not among none": lambda: TABLE.c.a_int.not_in([]),
    "an array": lambda: TABLE.c.a_str == sa.any_(literal(["a"], sa.ARRAY(sa.String))),
    "in JSON": lambda: TABLE.c.a_json["a"].as_string() == "b",
    "JSON": lambda: TABLE.c.a_json.contains({"a": "b"}),
    "like": lambda: TABLE.c.a_str.icontains("50%_\\", autoescape=True),
    "another escape": lambda: TABLE.c.a_str.icontains("50\\%", escape="\\"),
    "percent signs": lambda: (TABLE.c.a_int % 2 == 1) & text("a_str <> '%s %(a)s 100%'"),
    "values in text": lambda: text("a_int > :least").bindparams(least=0),
    "a name with a space": lambda: TABLE.c.a_int == bindparam("a name", 1),
    "in the text": lambda: TABLE.c.a_str == bindparam("a", "a'b\\%", literal_execute=True),
}


@pytest.mark.parametrize("name", CLAUSES)
def test_clauses_of_ones_own(ways: Ways, elsewhere: Connection, name: str) -> None:
    row = {each.name: None for each in COLUMNS} | SIMPLE
    elsewhere.execute(insert(TABLE).values(row))

    def selecting(bind: Bind) -> Any:
        criterion: Any = CLAUSES[name]()
        return select(TABLE.c.id, TABLE.c.a_enum).where(criterion)

    found = ways.outcomes(selecting, {})
    assert isinstance(found[0], list)
    assert_all_alike(found)


def test_results_of_no_known_type(ways: Ways) -> None:
    def selecting(bind: Bind) -> Any:
        return select(
            func.to_jsonb(5).label("json"), func.round(Decimal("1.25"), 1).label("number")
        )

    assert_all_alike(ways.outcomes(selecting, {}))


def test_hstore_is_text(ways: Ways) -> None:
    """PostgreSQL's extension may be missing: then, neither SQLAlchemy nor psycopg knows its type."""

    def selecting(bind: Bind) -> Any:
        return select(func.upper(bind("value", pg.HSTORE()), type_=sa.Text).label("text"))

    by_statement, by_session, _ = ways.outcomes(selecting, {"value": {"a": "b"}})
    assert by_statement == by_session == [{"text": Value('"A"=>"B"')}]


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_moments_are_in_utc(
    elsewhere: Connection,
    settings: Settings,
    engine: Engine,
    client: TestClient,
    rows: Rows,
    zone: str,
) -> None:
    """Whatever the time zone of the server is."""
    database = elsewhere.scalar(text("SELECT current_database()"))
    elsewhere.execute(text(f"ALTER DATABASE {database} SET TimeZone TO '{zone}'"))
    sent = "2026-01-02T03:04:05+06:00"
    times = {"a_datetime": sent, "some_datetime": "9999-12-31T23:59:59Z"}
    row = client.post("/specimens", json=rows.body(SPECIMEN) | times).json()
    assert row["a_datetime"] == "2026-01-01T21:04:05Z"
    assert row["some_datetime"] == "9999-12-31T23:59:59Z"
    assert row["created_at"].endswith("Z")
    assert client.get(f"/specimens/{row['id']}").json() == row
    found = client.get("/specimens", params={"a_datetime": sent}).json()["items"]
    assert found == [row]

    ways = Ways(settings, engine)

    def reading(bind: Bind) -> Any:
        return select(TABLE.c.a_datetime, TABLE.c.some_datetime)

    by_statement, by_session, _ = ways.outcomes(reading, {})
    assert by_statement == by_session
    for value in by_statement[0].values():
        assert value.value.utcoffset() == dt.timedelta(0)
    ways.close()
