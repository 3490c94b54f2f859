"""What Alembic writes into migrations: of which tables, with which types and in which order."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from alembic.autogenerate import render, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateForeignKeyOp,
    CreateIndexOp,
    CreateTableOp,
    DowngradeOps,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    ExecuteSQLOp,
    MigrateOperation,
    MigrationScript,
    ModifyTableOps,
    UpgradeOps,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    ARRAY,
    Column,
    Connection,
    Dialect,
    Enum,
    ForeignKeyConstraint,
    Index,
    MetaData,
    TypeDecorator,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql import DOMAIN, ENUM
from sqlalchemy.dialects.postgresql.base import PGInspector
from sqlalchemy.dialects.postgresql.named_types import CreateDomainType, CreateEnumType
from sqlalchemy.types import NullType, TypeEngine, UserDefinedType

from {{ package_name }}_alembic.comments import comment_indexes
from {{ package_name }}_alembic.dialect import as_text, quoted

# A type that has a name and is created: an enum or a domain.
NamedType = ENUM | DOMAIN

# Whether values of one type become values of another by themselves when a column changes.
IS_ASSIGNABLE = """
    SELECT source = target OR typcategory = 'S' OR EXISTS (
        SELECT FROM pg_cast
        WHERE castsource = source AND casttarget = target AND castcontext <> 'e'
    )
    FROM (SELECT to_regtype(:source)::oid AS source, to_regtype(:target)::oid AS target) AS change
    JOIN pg_type ON pg_type.oid = target
"""
HAS_CAST = """
    SELECT EXISTS (
        SELECT FROM pg_cast
        WHERE castsource = to_regtype(:source) AND casttarget = to_regtype(:target)
    )
"""

# The columns that have a type, or an array of it, and their defaults.
COLUMNS_OF_TYPE = """
    SELECT
        nspname,
        relname,
        attname,
        CASE WHEN typelem = 0 THEN '' ELSE '[]' END AS brackets,
        pg_get_expr(adbin, adrelid) AS default
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    JOIN pg_type ON pg_type.oid = atttypid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE to_regtype(:type) IN (pg_type.oid, typelem) AND relkind <> 'i' AND NOT attisdropped
    ORDER BY 1, 2, 3
"""


class Ownership:
    """What in a database is this project's: what its models describe or its migrations created.

    Others may have tables there: extensions, queues, further services. What the models do not
    describe any more is dropped only if a migration created it, with `op.create_table` and so on.
    """

    def __init__(self, metadata: MetaData, migrations: Iterable[str]) -> None:
        """Take the models, and the paths of the migrations."""
        self.models = {own_name(each.name, each.schema): each for each in metadata.tables.values()}
        self.tables: set[str] = set()
        self.columns: set[str] = set()  # of any table
        for path in migrations:
            for node in ast.walk(ast.parse(Path(path).read_bytes())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    self._read(node, node.func.attr)

    def _read(self, call: ast.Call, function: str) -> None:
        values = dict(enumerate(call.args)) | {word.arg: word.value for word in call.keywords}
        texts = {
            key: value.value
            for key, value in values.items()
            if isinstance(value, ast.Constant) and isinstance(value.value, str)
        }
        match function:
            case "create_table" if name := texts.get(0, texts.get("table_name")):
                self.tables.add(own_name(name, texts.get("schema")))
            case "rename_table" if name := texts.get(1, texts.get("new_table_name")):
                self.tables.add(own_name(name, texts.get("schema")))
            case "Column" if name := texts.get(0, texts.get("name")):
                self.columns.add(name)
            case "alter_column" if name := texts.get("new_column_name"):
                self.columns.add(name)

    def include_name(self, name: str | None, type_: str, parents: Mapping[Any, str | None]) -> bool:
        """Return whether Alembic looks at what has this name in the database."""
        if type_ == "schema":
            return name is None or name in {model.schema for model in self.models.values()}
        table_name = (parents.get("schema_qualified_table_name") or "").removeprefix("public.")
        if type_ == "table":
            return table_name in self.models or table_name in self.tables
        if type_ == "column" and table_name in self.models:
            return name in self.columns or name in set(self.models[table_name].columns.keys())
        return True

    def include_object(
        self,
        item: object,
        name: str | None,
        type_: str,
        reflected: bool,
        compare_to: object | None,
    ) -> bool:
        """Return whether Alembic compares this; not keys and indexes of columns of others."""
        if not reflected or compare_to is not None:
            return True
        if not isinstance(item, Index | UniqueConstraint | ForeignKeyConstraint):
            return True
        return all(self._has(column) for column in item.columns)

    def _has(self, column: Column[Any]) -> bool:
        return self.include_name(
            column.name, "column", {"schema_qualified_table_name": column.table.fullname}
        )


def own_name(name: str, schema: str | None) -> str:
    """Return the name of a table with its schema, unless that is `public`."""
    return name if schema in (None, "public") else f"{schema}.{name}"


# ---- Types ----


def render_item(type_: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Write types as plain SQLAlchemy where that is the same, and import what else they need.

    Not the values of enums that are text: a CHECK has them, and they change. Types that have a name
    are created and dropped by `create_types`.
    """
    if type_ != "type":
        return False
    if isinstance(item, Enum) and not item.native_enum:
        return f"sa.String(length={item.length})"
    if isinstance(item, Enum | DOMAIN | ARRAY):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return f"postgresql.{render_postgresql(item, context)}"
    cls = type(item)
    if is_plain(cls):
        return False
    same = plain(item, context.migration_context.dialect)
    if same is not None:
        return render._repr_type(same, context)
    context.imports.add(f"import {cls.__module__}")
    return f"{cls.__module__}.{cls.__qualname__}{repr(item).removeprefix(cls.__name__)}"


def render_postgresql(item: Enum | DOMAIN | ARRAY[Any], context: AutogenContext) -> str:
    """Write types that have a name, and arrays, of which Alembic's own text can go wrong."""
    if isinstance(item, ARRAY):
        dimensions = f", dimensions={item.dimensions}" if item.dimensions else ""
        return f"ARRAY({render._repr_type(item.item_type, context)}{dimensions})"
    schema = f", schema={str(item.schema)!r}" if item.schema else ""
    if isinstance(item, DOMAIN):
        data_type = render._repr_type(item.data_type, context)
        return f"DOMAIN({str(item.name)!r}, {data_type}{schema}, create_type=False)"
    values = ", ".join(repr(str(value)) for value in item.enums)
    return f"ENUM({values}, name={str(item.name)!r}{schema}, create_type=False)"


def plain(item: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any] | None:
    """Return the type of SQLAlchemy that another type is in the database, if there is one."""
    if isinstance(item, TypeDecorator):
        return item.load_dialect_impl(dialect)
    base = next(cls for cls in type(item).__mro__ if is_plain(cls))
    if issubclass(base, UserDefinedType) or base in (TypeEngine, NullType):
        return None
    same = item.adapt(cast("type[TypeEngine[Any]]", base))
    return same if same.compile(dialect) == item.compile(dialect) else None


def is_plain(cls: type) -> bool:
    """Return whether a class is one of SQLAlchemy."""
    return cls.__module__.startswith("sqlalchemy.")


def named_types(type_: TypeEngine[Any]) -> Iterator[NamedType]:
    """Yield the types with a name that a type consists of."""
    if isinstance(type_, TypeDecorator):
        yield from named_types(type_.impl_instance)
    elif isinstance(type_, ARRAY):
        yield from named_types(type_.item_type)
    elif isinstance(type_, DOMAIN):
        yield from named_types(type_.data_type)
        yield type_
    elif isinstance(type_, ENUM):
        yield type_
    elif isinstance(type_, Enum) and type_.native_enum:
        yield ENUM(*type_.enums, name=type_.name, schema=type_.schema)


def create_types(
    connection: Connection,
    metadata: MetaData,
    upgrade: UpgradeOps,
    downgrade: DowngradeOps,
) -> None:
    """Create types before the columns that have them, and drop them after these."""
    wanted = {
        type_name(connection, item): item
        for table in metadata.sorted_tables
        for column in table.columns
        for item in named_types(column.type)
    }
    labels = enum_labels(connection)
    present = labels.keys() | domain_names(connection)
    first: list[ExecuteSQLOp] = []
    for name, item in wanted.items():
        if name not in present:
            first.append(create_type(connection, item))
            downgrade.ops.append(drop_type(name, item))
        elif isinstance(item, ENUM) and labels[name] != item.enums:
            first += change_values(connection, name, labels[name], item.enums)
            downgrade.ops += replace_enum(connection, name, labels[name])
    upgrade.ops[:0] = first
    columns = dict(removed_columns(connection, upgrade))
    for name, item in {
        type_name(connection, item): item
        for type_ in columns.values()
        for item in named_types(type_)
    }.items():
        users = connection.execute(text(COLUMNS_OF_TYPE), {"type": name})
        if name not in wanted and {tuple(user[:3]) for user in users} <= columns.keys():
            upgrade.ops.append(drop_type(name, item))
            downgrade.ops.insert(0, create_type(connection, item))


def removed_columns(
    connection: Connection,
    upgrade: UpgradeOps,
) -> Iterator[tuple[tuple[str, str, str], TypeEngine[Any]]]:
    """Yield the columns that are dropped or get another type, with the type that they have."""
    default = str(connection.dialect.default_schema_name)
    for step in upgrade.ops:
        if isinstance(step, DropTableOp):
            for column in step.to_table().columns:
                yield (step.schema or default, step.table_name, column.name), column.type
        elif isinstance(step, ModifyTableOps):
            table = (step.schema or default, step.table_name)
            for change in step.ops:
                if isinstance(change, DropColumnOp):
                    yield (*table, change.column_name), change.to_column().type
                elif isinstance(change, AlterColumnOp) and change.modify_type:
                    yield (*table, change.column_name), change.existing_type or change.modify_type


def type_name(connection: Connection, item: NamedType) -> str:
    """Return the name of a type as SQL, with its schema."""
    return qualified(connection, item.schema, item.name)


def qualified(connection: Connection, schema: str | None, name: str | None) -> str:
    """Return a name as SQL, with its schema."""
    preparer = connection.dialect.identifier_preparer
    schema = schema or connection.dialect.default_schema_name
    return f"{preparer.quote_schema(str(schema))}.{preparer.quote(str(name))}"


def enum_labels(connection: Connection) -> dict[str, list[str]]:
    """Return the values of the enums of the database, by name."""
    enums = cast(PGInspector, inspect(connection)).get_enums(schema="*")
    return {qualified(connection, enum["schema"], enum["name"]): enum["labels"] for enum in enums}


def domain_names(connection: Connection) -> set[str]:
    """Return the names of the domains of the database."""
    domains = cast(PGInspector, inspect(connection)).get_domains(schema="*")
    return {qualified(connection, domain["schema"], domain["name"]) for domain in domains}


def create_type(connection: Connection, item: NamedType) -> ExecuteSQLOp:
    """Return the step that creates a type."""
    create = CreateDomainType(item) if isinstance(item, DOMAIN) else CreateEnumType(item)
    return ExecuteSQLOp(as_text(str(create.compile(dialect=connection.dialect))))


def drop_type(name: str, item: NamedType) -> ExecuteSQLOp:
    """Return the step that drops a type."""
    return ExecuteSQLOp(f"DROP {'DOMAIN' if isinstance(item, DOMAIN) else 'TYPE'} {name}")


def change_values(
    connection: Connection,
    name: str,
    old: list[str],
    new: list[str],
) -> Iterator[ExecuteSQLOp]:
    """Yield the steps that give an enum other values: if some go, it is replaced."""
    if [value for value in new if value in old] != old:
        yield from replace_enum(connection, name, new)
        return
    before: str | None = None
    for value in new:
        if value not in old:
            sql = f"ALTER TYPE {name} ADD VALUE IF NOT EXISTS {quoted(connection, value)}"
            if before is not None:
                sql += f" AFTER {quoted(connection, before)}"
            elif old:
                sql += f" BEFORE {quoted(connection, old[0])}"
            yield ExecuteSQLOp(as_text(sql))
        before = value


def replace_enum(connection: Connection, name: str, values: list[str]) -> Iterator[ExecuteSQLOp]:
    """Yield the steps that put another enum in the place of one; they fail if a row has no value."""
    quote = connection.dialect.identifier_preparer.quote
    yield ExecuteSQLOp(f"ALTER TYPE {name} RENAME TO _former")
    labels = ", ".join(quoted(connection, value) for value in values)
    yield ExecuteSQLOp(as_text(f"CREATE TYPE {name} AS ENUM ({labels})"))
    for column in connection.execute(text(COLUMNS_OF_TYPE), {"type": name}):
        table = qualified(connection, column.nspname, column.relname)
        alter = f"ALTER TABLE {table} ALTER {quote(column.attname)}"
        type_ = f"{name}{column.brackets}"
        if column.default is not None:
            yield ExecuteSQLOp(f"{alter} DROP DEFAULT")
        yield ExecuteSQLOp(f"{alter} TYPE {type_} USING {quote(column.attname)}::text::{type_}")
        if column.default is not None:
            yield ExecuteSQLOp(as_text(f"{alter} SET DEFAULT {column.default}"))
    schema, _, _ = name.rpartition(".")
    yield ExecuteSQLOp(f"DROP TYPE {schema}._former")


# ---- Steps ----


def arrange(
    context: MigrationContext,
    revision: str | Iterable[str | None] | Iterable[str],
    directives: list[MigrationScript],
) -> None:
    """Put the steps of new migrations into an order, and add those that Alembic does not know."""
    for script in directives:
        upgrade, downgrade = script.upgrade_ops, script.downgrade_ops
        if upgrade is None or downgrade is None or context.connection is None:
            continue
        separate_cycles(upgrade, downgrade)
        for steps in upgrade, downgrade:
            for step in steps.ops:
                if isinstance(step, ModifyTableOps):
                    change_columns(context.connection, step)
        metadata = context.opts["target_metadata"]
        create_types(context.connection, metadata, upgrade, downgrade)
        comment_indexes(context.connection, metadata, upgrade, downgrade)


def separate_cycles(upgrade: UpgradeOps, downgrade: DowngradeOps) -> None:
    """If new tables refer to each other, create those foreign keys after the tables."""
    tables = [step for step in upgrade.ops if isinstance(step, CreateTableOp)]
    to_come = {table.table_name for table in tables}
    for table in tables:
        to_come.discard(table.table_name)
        kept = []
        for item in table.columns:
            if isinstance(item, ForeignKeyConstraint) and item.referred_table.name in to_come:
                step = CreateForeignKeyOp.from_constraint(item)
                upgrade.ops.append(step)
                downgrade.ops.insert(0, step.reverse())
            else:
                kept.append(item)
        table.columns = kept


def change_columns(connection: Connection, table: ModifyTableOps) -> None:
    """Drop what depends on columns before their type changes, and say how it does."""
    table.ops.sort(key=place_of)
    for step in table.ops:
        if isinstance(step, AlterColumnOp) and step.modify_type and step.existing_type:
            using = conversion(connection, step.column_name, step.existing_type, step.modify_type)
            if using is not None:
                step.kw["postgresql_using"] = using


def place_of(step: MigrateOperation) -> int:
    """Return when a step comes: generated columns and indexes need the columns that they are of."""
    match step:
        case DropConstraintOp() | DropIndexOp():
            return 0
        case DropColumnOp() if step.to_column().computed is not None:
            return 1
        case AddColumnOp() if step.column.computed is not None:
            return 3
        case CreateIndexOp():
            return 4
    return 2


def conversion(
    connection: Connection,
    column: str,
    source: TypeEngine[Any],
    target: TypeEngine[Any],
) -> str | None:
    """Return SQL that makes a value of one type one of another, or None if none is needed.

    Types that know nothing of each other meet as text, which fails if a value does not fit.
    """
    types = {
        "source": source.compile(connection.dialect),
        "target": target.compile(connection.dialect),
    }
    if connection.scalar(text(IS_ASSIGNABLE), types):
        return None
    name = connection.dialect.identifier_preparer.quote(column)
    through = "" if connection.scalar(text(HAS_CAST), types) else "::text"
    return f"{name}{through}::{types['target']}"


@renderers.dispatch_for(AlterColumnOp, replace=True)
def render_alter_column(context: AutogenContext, step: AlterColumnOp) -> str:
    """Write `alter_column` with `postgresql_using`, which Alembic leaves out."""
    call = render._alter_column(context, step)
    using = step.kw.get("postgresql_using")
    return f"{call[:-1]}, postgresql_using={using!r})" if using else call
