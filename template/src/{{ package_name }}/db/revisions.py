"""Revisions: which migrations this code has, and whether a database is migrated far enough for it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

# The folder of the migrations: in a wheel it is inside of the package (see pyproject.toml).
PLACES = (PACKAGE.parents[1] / "migrations", PACKAGE / "migrations")


class MigrationsMissingError(Exception):
    """The migrations are nowhere to be found; the message says where they should be."""


@dataclass(frozen=True)
class Revisions:
    """The revisions that this code knows, and those among them that it needs."""

    known: frozenset[str]
    heads: frozenset[str]

    def reached_by(self, versions: set[str]) -> bool:
        """Return whether a database with these rows in `alembic_version` is at the heads or beyond.

        A revision that is not known comes from newer code, as in the middle of a deployment. Behind
        is a database that still has a row which a migration of this code would replace.
        """
        newer = versions - self.known
        behind = versions - newer - self.heads
        return not behind and (bool(newer) or self.heads <= versions)


def migrations_directory() -> Path:
    """Return the folder of the migrations. Raises MigrationsMissingError."""
    for folder in PLACES:
        if (folder / "env.py").is_file():
            return folder
    raise MigrationsMissingError(
        f"There are no migrations in {PLACES[0]}: put the folder there, beside src, or install the "
        "project as a wheel, which has them"
    )


@cache
def code_revisions() -> Revisions:
    """Return the revisions of this code. Raises MigrationsMissingError."""
    # Imported here to keep the start of the service fast: only readiness needs it.
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(migrations_directory()))
    return Revisions(
        known=frozenset(revision.revision for revision in script.walk_revisions()),
        heads=frozenset(script.get_heads(consider_depends_on=True)),
    )
