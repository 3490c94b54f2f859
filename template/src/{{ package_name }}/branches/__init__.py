"""Branches of the database: copies to try something on, on this machine or on Neon."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class BranchError(Exception):
    """What was asked for cannot be done. The message says why and holds no secret."""


@dataclass(frozen=True)
class Branch:
    """A branch of the database."""

    id: str  # what the backend knows it by
    name: str
    parent: str | None  # the name of the branch that a reset takes it back to
    protected: bool  # never reset or deleted
    expires_at: datetime | None = None


class Branches(Protocol):
    """The branches of a database. Every method raises BranchError."""

    def all(self) -> list[Branch]:
        """Return all branches, the main one among them."""

    def create(self, name: str, *, schema_only: bool = False, days: int | None = None) -> Branch:
        """Return a new branch of the main one.

        With `schema_only` it has no rows but Alembic's. With `days` it is deleted after so many.
        """

    def reset(self, branch: Branch) -> None:
        """Make a branch what its parent is now: all that was changed on it is lost."""

    def delete(self, branch: Branch) -> None:
        """Delete a branch."""

    def url(self, branch: Branch) -> str:
        """Return the DATABASE_URL of a branch; on Neon it holds a password."""


def find(branches: Branches, name: str) -> Branch | None:
    """Return the branch of that name, if there is one."""
    return next((branch for branch in branches.all() if branch.name == name), None)


def refuse_protected(branch: Branch) -> None:
    """Raise BranchError where a branch may not be reset or deleted."""
    if branch.protected:
        raise BranchError(f'The branch "{branch.name}" is protected: it is not reset or deleted')


def refuse_without_parent(branch: Branch) -> None:
    """Raise BranchError where there is nothing to reset a branch to."""
    if branch.parent is None:
        raise BranchError(
            f'The branch "{branch.name}" has no parent to be reset to: '
            "delete it and create it again"
        )
