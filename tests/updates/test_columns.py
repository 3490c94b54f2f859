"""Whatever column goes, scaffold names it: every type, with and without options, and relations."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from tests.rendering import REPOSITORY, copier
from tests.updates.changes import as_yaml
from tests.updates.projects import Project

EXAMPLES = sorted(path.stem for path in (REPOSITORY / "examples").glob("*.yml"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_column_is_seen(tmp_path: Path, origin: Path, example: str) -> None:
    """An entity keeps one field; all else in it goes."""
    text = (REPOSITORY / "examples" / f"{example}.yml").read_text()
    domain = yaml.safe_load(text)["entities"]
    small = deepcopy(domain)
    gone = []
    for name, entity in small.items():
        for field in entity.get("fields") or {}:
            gone.append(field)
        for relation, details in (entity.get("relations") or {}).items():
            if details.get("kind") != "many_to_many":
                gone.append(f"{relation}_id")
        if "search" in entity:
            gone.append("search_vector")
        small[name] = {"fields": {"kept": "str"}}
        if "plural" in entity:
            small[name]["plural"] = entity["plural"]
    project = Project.generated(copier(origin, tmp_path / "my-blog", {"entities": as_yaml(domain)}))
    project.write_domain(small)
    process = project.scaffold("--remove")
    assert process.returncode == 0, process.stdout
    listed = process.stdout.partition("Columns to be dropped, with all their values:\n")[2]
    columns = [
        line.strip().partition(".")[2]
        for line in listed.splitlines()
        if line.startswith("    ") and "(" not in line and "." in line and " " not in line.strip()
    ]
    built_in = {"deleted_at", "created_at", "updated_at"}
    assert sorted(set(columns) - built_in) == sorted(set(gone))
