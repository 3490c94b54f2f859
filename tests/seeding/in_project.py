"""Runs in a rendered project: models as people may add them get rows, whatever is asked of these.

The database checks most of it when it takes the rows.
"""

import datetime as dt
import enum
from typing import Any

from my_blog.models.base import Identified, Identifier, Timestamped, enum_type
from seeding.fill import Filled, fill
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Computed,
    Engine,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel


class Size(enum.StrEnum):
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Country(SQLModel, table=True):
    """Its key is text."""

    __tablename__ = "countries"

    code: str = Field(primary_key=True, max_length=2)
    title: str = Field(sa_column=Column("country_title", Text, nullable=False))


class Kind(Identified, table=True):
    """There are as many as there are sizes."""

    __tablename__ = "kinds"

    size: Size = Field(sa_type=enum_type(Size), unique=True)


class Booking(Timestamped, Identified, table=True):
    """Its checks are for the database to tell, and it computes columns."""

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("starts_on < ends_on AND guests % 2 = 0", name="sensible"),
        CheckConstraint("rooms > 2", name="rooms"),
        Index("uq_bookings_name", func.lower(text("name")), unique=True),
        Index(
            "uq_bookings_position",
            "country_code",
            "position",
            unique=True,
            postgresql_where=text("guests > 2"),
        ),
        Index("ix_bookings_words", "words", postgresql_using="gin"),
    )

    name: str = Field(max_length=12)
    starts_on: dt.date
    ends_on: dt.date
    guests: int = Field(ge=0, le=100)
    rooms: int = Field(sa_type=SmallInteger)
    position: int
    aliases: list[str] | None = Field(default=None, sa_type=ARRAY(String))
    country_code: str = Field(foreign_key="countries.code")
    total: int | None = Field(default=None, sa_column=Column(Integer, Computed("guests * rooms")))
    words: Any = Field(
        default=None,
        sa_column=Column(TSVECTOR, Computed("to_tsvector('english', name)", persisted=True)),
    )


class Reply(Identified, table=True):
    """It belongs to the booking of the reply above it."""

    __tablename__ = "replies"
    __table_args__ = (
        UniqueConstraint("id", "booking_id"),
        ForeignKeyConstraint(
            ["parent_id", "booking_id"], ["replies.id", "replies.booking_id"], ondelete="CASCADE"
        ),
    )

    booking_id: Identifier = Field(foreign_key="bookings.id", ondelete="CASCADE")
    parent_id: Identifier | None = Field(default=None, foreign_key="replies.id")


class Part(SQLModel, table=True):
    """Its key has two columns, of which one is a reference."""

    __tablename__ = "parts"

    booking_id: Identifier = Field(primary_key=True, foreign_key="bookings.id")
    number: int = Field(primary_key=True, ge=1, le=20)


class Step(Identified, table=True):
    """It refers to a key of two columns, and to two rows that differ."""

    __tablename__ = "steps"
    __table_args__ = (
        ForeignKeyConstraint(
            ["part_booking_id", "part_number"], ["parts.booking_id", "parts.number"]
        ),
        CheckConstraint("from_code <> to_code", name="moves"),
    )

    part_booking_id: Identifier
    part_number: int
    from_code: str = Field(foreign_key="countries.code")
    to_code: str = Field(foreign_key="countries.code")


class Guide(SQLModel, table=True):
    """A link that says more than what it links."""

    __tablename__ = "guides"

    kind_id: Identifier = Field(primary_key=True, foreign_key="kinds.id")
    booking_id: Identifier = Field(primary_key=True, foreign_key="bookings.id")
    since: dt.date


ROWS = 1000


def filled(engine: Engine, **options: Any) -> dict[str, Filled]:
    """Fill all tables."""
    SQLModel.metadata.create_all(engine)
    return {each.table: each for each in fill(engine.url, rows=ROWS, seed=1, **options)}


def test_as_many_as_fit(empty_database: Engine) -> None:
    found = filled(empty_database, tables={"kinds": 10})
    assert found["kinds"] == Filled("kinds", 3, is_full=True)
    assert sum(each.rows for each in found.values() if not each.is_link) == ROWS
    assert not found["bookings"].is_full


def test_what_rows_have(empty_database: Engine) -> None:
    filled(empty_database)
    with empty_database.connect() as connection:
        codes = connection.scalars(select(Country.__table__.c.code)).all()
        assert all(0 < len(code) <= 2 for code in codes)
        replies = select(func.count(Reply.__table__.c.parent_id))
        assert connection.scalar(replies)
        assert connection.scalar(text("SELECT count(*) FROM bookings WHERE words <> ''"))
        assert not connection.scalar(text("SELECT count(aliases) FROM bookings"))
