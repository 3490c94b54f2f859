"""Read schema.yml. Run as a command, it checks the file: `uv run python scripts/schema_file.py`.

YAML allows a key twice in one mapping, and most readers take the last one without a word: after a
merge of two branches that both add an entity, one of the two would be gone.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

SCHEMA = Path(__file__).resolve().parents[1] / "schema.yml"
ENTITIES = "entities"  # its only key


class UnreadableError(Exception):
    """A file is not what it should be; the message says where, and what to do."""


def read_domain(path: Path = SCHEMA) -> Any:
    """Return the entities in schema.yml. Raises UnreadableError."""
    schema = read_yaml(path)
    if not isinstance(schema, dict) or list(schema) != [ENTITIES]:
        raise UnreadableError(f"{path.name}: a mapping with the one key `{ENTITIES}` is needed.")
    return schema[ENTITIES]


def read_yaml(path: Path) -> Any:
    """Return the data in a file in which no key is there twice. Raises UnreadableError."""
    text = read_text(path)
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if repeated := list(find_repeated(node, "", set())):
            raise UnreadableError(
                "\n".join(f"{path.name}: {mistake}" for mistake in repeated)
                + "\nOf two with one name, only the last would count. Make one of them, or rename one."
            )
        return loader.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise UnreadableError(f"{path.name} is not YAML: {place}{error.problem}.") from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UnreadableError(f"{path.name} is not YAML: {reason}.") from error
    except RecursionError as error:
        raise UnreadableError(f"{path.name} is nested too deeply.") from error


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8. Raises UnreadableError."""
    try:
        content = path.read_bytes()
        if b"\0" in content:  # as every second byte of an English text in UTF-16
            raise UnreadableError(
                f"{path.name} is not a text in UTF-8, but in UTF-16 or no text at all. "
                "Save it as UTF-8."
            )
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            f"{path.name} is not in UTF-8: see line {line}. Save it as UTF-8."
        ) from error
    except FileNotFoundError as error:
        raise UnreadableError(f"{path.name} is missing. Take it back from git.") from error
    except OSError as error:
        raise UnreadableError(f"{path.name} cannot be read: {error.strerror}.") from error


def find_repeated(node: yaml.Node | None, path: str, seen: set[int]) -> Iterator[str]:
    """Yield a message for each key that stands twice in one mapping, here and below.

    `seen` has the nodes that were looked at: an alias leads to one again, even to itself.
    """
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from find_repeated(item, f"{path}[{index}]", seen)
    elif isinstance(node, yaml.MappingNode):
        first: dict[tuple[str, str], yaml.Node] = {}
        for key, value in node.value:
            name = f"{path}.{key.value}" if path else str(key.value)
            if isinstance(key, yaml.ScalarNode):
                other = first.setdefault((key.tag, key.value), key)
                if other is not key:
                    lines = f"lines {other.start_mark.line + 1} and {key.start_mark.line + 1}"
                    yield f"`{name}` is there twice: {lines}."
            yield from find_repeated(value, name, seen)


def main() -> None:
    """Check schema.yml; exit with a message where it cannot be read."""
    try:
        read_domain()
    except UnreadableError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
