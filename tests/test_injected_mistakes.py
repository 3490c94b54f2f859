"""Each kind of mistake, made in valid schemas, is reported by both tools in the same words."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.fuzz.cases import draw
from tests.injection import WHOLE, hosts, inject
from tests.json_schema import accepts_entities
from tests.mistakes import MISTAKES, Mistake
from tests.rendering import RefusedError, cookiecutter, copier
from tests.schemas import ALL, Schema, schemas
from tests.validation import problems

ROWS = {
    section: [row for row in rows if row.title not in WHOLE] for section, rows in MISTAKES.items()
}
ALL_ROWS = [row for rows in ROWS.values() for row in rows]


@pytest.mark.parametrize("section", ROWS)
# Without shrinking: an example has all mistakes of a section and takes its time.
@settings(
    max_examples=6,
    phases=[Phase.generate],
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_reported_alone(section: str, data: st.DataObject) -> None:
    """A mistake is judged as in a schema that has nothing else, and nothing follows from it."""
    schema = data.draw(schemas())
    for mistake in ROWS[section]:
        if possible := hosts(schema, mistake):
            host = data.draw(st.sampled_from(possible), label=mistake.title)
            broken, lines = inject(schema, mistake, host)
            note(broken)
            assert comparable(problems(broken)) == comparable(lines)
            alone = yaml.safe_load(mistake.schema)
            assert accepts_entities(broken) is accepts_entities(alone)


def test_nothing_follows_from_a_reserved_name() -> None:
    entity = {
        "soft_delete": True,
        "indexes": [{"columns": ["name"], "where": {"deleted_at": None}}],
        "fields": {"name": "str", "deleted_at": "datetime"},
    }
    assert len(problems({"note": entity})) == 1


# With room for a third of the mistakes; Hypothesis takes minutes to draw more. No awkward text:
# Cookiecutter takes some for templates.
PARTS = 3
LARGE = replace(ALL, fewest_entities=80, entities=80, fields=2, relations=1, awkward_text=False)


@pytest.mark.parametrize("part", range(PARTS))
def test_both_tools_say_the_same_and_write_nothing(
    tmp_path: Path, template: Path, part: int
) -> None:
    schema, lines = all_at_once(draw(1, part, LARGE).schema, ALL_ROWS[part::PARTS])
    reported = problems(schema)
    assert comparable(reported) == comparable(lines)
    assert_refused(tmp_path, template, yaml.safe_dump(schema, sort_keys=False), reported)


def all_at_once(schema: Schema, mistakes: list[Mistake]) -> tuple[Schema, list[str]]:
    """Return the schema with all mistakes, each in another entity, and the lines to expect."""
    unused = list(schema)
    lines: list[str] = []
    for mistake in mistakes:
        host = next(name for name in hosts(schema, mistake) if name in unused)
        unused.remove(host)
        schema, more = inject(schema, mistake, host)
        lines += more
    return schema, lines


def comparable(lines: list[str]) -> list[str]:
    """Return the lines sorted, and without the names of what there is beside the mistake."""
    return sorted(re.sub(r"(there is no \w+ .*) There are: .*", r"\1", line) for line in lines)


def assert_refused(tmp_path: Path, template: Path, entities: str, lines: list[str]) -> None:
    """Check that both tools print just these lines, after some words of their own."""
    output = tmp_path / "output"
    output.mkdir()
    with pytest.raises(RefusedError) as by_copier:
        copier(template, output / "project", {"entities": entities})
    with pytest.raises(RefusedError) as by_cookiecutter:
        cookiecutter(template, output, {"entities": entities})
    for refusal in (by_copier, by_cookiecutter):
        text = str(refusal.value)
        printed = text[text.index(lines[0]) :].splitlines()
        assert [line for line in printed if line.strip()] == lines
    assert list(tmp_path.rglob("*")) == [output]
