"""Versions of rows: a client reads no row again that it has, and changes none that it has not seen."""

import hashlib
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, all_, any_, cast, column, literal

from {{ package_name }}.data.statements import Row, parameter

# The transaction that made a row what it is, a column that PostgreSQL adds to each table:
# https://www.postgresql.org/docs/current/ddl-system-columns.html
XMIN = "xmin"

# Among versions: whichever there is.
ANY = "*"

_xmin = cast(column(XMIN), Text)


class VersionMismatchError(Exception):
    """The row has another version than the client expects."""


class NotModifiedError(Exception):
    """The client has this version of the row."""

    def __init__(self, version: str) -> None:
        """Take the version that it has."""
        super().__init__(version)
        self.version = version


class RowVersion:
    """Which version of a row a client expects, and which one there is.

    Without conditions, it fits each row.
    """

    def __init__(
        self,
        wanted: Sequence[str] | None = None,
        unwanted: Sequence[str] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Expect one of the versions `wanted` and none of those `unwanted`; None is no condition.

        `tell` is called with the version of the row that is read or written.
        """
        is_any = wanted is None or ANY in wanted
        # A client that knows what goes along with a row knows the row as well: see `read`.
        self._wanted = None if is_any else [_of_row(version) for version in wanted or ()]
        self._unwanted = unwanted
        self._tell = tell

    def read(self, version: str, content: bytes | None = None) -> None:
        """Take the version of a row that is read, and what clients get along with it, if anything.

        Raises VersionMismatchError, or NotModifiedError where the client has all of that already.
        """
        if self._wanted is not None and version not in self._wanted:
            raise VersionMismatchError
        if content is not None:
            version = f"{version}-{hashlib.blake2b(content, digest_size=16).hexdigest()}"
        if self._unwanted is not None and not {version, ANY}.isdisjoint(self._unwanted):
            raise NotModifiedError(version)
        self.written(version)

    def written(self, version: str) -> None:
        """Take the version of a row that was written."""
        if self._tell is not None:
            self._tell(version)

    @property
    def has_conditions(self) -> bool:
        """Return whether there are rows that it does not fit."""
        return self._wanted is not None or self._unwanted is not None

    @property
    def shape(self) -> Hashable:
        """Return what tells one list of criteria from another."""
        return (self._wanted is not None, self._unwanted is not None)

    @property
    def criteria(self) -> list[ColumnElement[bool]]:
        """Return the criteria for the row that is to be changed, with parameters for `values`."""
        criteria: list[ColumnElement[bool]] = []
        if self._wanted is not None:
            criteria.append(_xmin == any_(parameter("wanted", ARRAY(Text))))
        if self._unwanted is not None:
            unwanted = parameter("unwanted", ARRAY(Text))
            criteria += [_xmin != all_(unwanted), literal(ANY) != all_(unwanted)]
        return criteria

    @property
    def values(self) -> Row:
        """Return the values of the parameters in `criteria`."""
        values = {}
        if self._wanted is not None:
            values["wanted"] = self._wanted
        if self._unwanted is not None:
            values["unwanted"] = [_of_row(version) for version in self._unwanted]
        return values


ANY_VERSION = RowVersion()


def version_column() -> ColumnElement[Any]:
    """Return what to select for the version of a row, next to the columns of its table."""
    return _xmin.label(XMIN)


def _of_row(version: str) -> str:
    """Return the version of the row alone, without that of what clients got along with it."""
    return version.partition("-")[0]
