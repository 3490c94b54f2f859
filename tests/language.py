"""What docs/schema-language.md says there is, read from its tables."""

import re

from tests.rendering import REPOSITORY

TEXT = (REPOSITORY / "docs" / "schema-language.md").read_text(encoding="utf-8")


def table(section: str, head: str) -> dict[str, list[str]]:
    """Return the rows of a table by the name in their first cell, in backticks.

    `section` is the heading above the table, `head` how the line with its column titles starts.
    """
    text = TEXT.partition(f"\n{section}\n")[2].partition(f"\n{head} |")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines()]
    return {names(cells[0])[0]: cells for cells in rows if names(cells[0])}


def names(cell: str) -> list[str]:
    """Return the names in a cell that stand in backticks."""
    return re.findall(r"`(\w+)`", cell)


ENTITY_KEYS = list(table("## Entities", "| key"))
COMMON_KEYS = list(table("## Fields", "| key"))
# Keys that only some types have, by type.
OWN_KEYS = {
    kind: names(cells[3]) if len(cells) > 3 else []
    for kind, cells in table("## Fields", "| type").items()
}
ACCESS = list(table("## Fields", "| access"))
INDEX_KEYS = list(table("### Kinds of indexes", "| key"))
RELATION_KEYS = list(table("## Relations", "| key"))
KINDS = names(table("## Relations", "| key")["kind"][1])
ON_DELETE = names(table("## Relations", "| key")["on_delete"][1])
