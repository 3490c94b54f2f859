"""The file with the domain can be read, and no name is there twice."""

from schema_file import read_domain


def test_schema_file() -> None:
    assert read_domain()
