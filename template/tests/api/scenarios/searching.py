"""GET with `q`: rows are found by their words."""

import re
from typing import Any, ClassVar

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, func, select

from seeding.values import field as field_of
from seeding.values import value_of
from tests.api.scenarios.scenario import Scenario, assert_refused, items
from tests.rows import Rows


class Searching(Scenario):
    """A client searches for words."""

    fields: ClassVar[tuple[str, ...]]  # what counts most comes first
    language: ClassVar[str]

    def has(self, elsewhere: Connection, text: str | None, word: str) -> bool:
        """Ask the database whether a text has a word, in any of its forms."""
        words = func.to_tsvector(self.language, text or "")
        found = select(words.bool_op("@@")(func.plainto_tsquery(self.language, word)))
        return bool(elsewhere.scalar(found))

    def word_in(self, elsewhere: Connection, text: str) -> str:
        """Return a word of a text that can be searched for; without one, the test is skipped."""
        for word in re.findall(r"[^\W\d_]{3,}", text):
            if self.has(elsewhere, text, word):
                return str(word)
        pytest.skip(f"there is no word in {text!r}")

    def test_rows_without_the_word_stay_out(
        self,
        client: TestClient,
        rows: Rows,
        elsewhere: Connection,
        statements: list[str],
        field: str,
    ) -> None:
        made = rows.make_some(self.resource.model, 3)
        word = self.word_in(elsewhere, vars(made[0])[field])
        expected = [
            self.resource.shown(row)
            for row in reversed(made)
            if any(self.has(elsewhere, vars(row)[name], word) for name in self.fields)
        ]
        statements.clear()
        assert items(client, self.path, q=word) == expected
        assert len(statements) == 1
        for nowhere in (f"{word} -{word}", f"{word} nosuchwordanywhere", "", "\"'&|!(:*"):
            assert items(client, self.path, q=nowhere) == []

    def test_what_counts_most_comes_first(
        self, client: TestClient, rows: Rows, elsewhere: Connection
    ) -> None:
        assert_refused(client.get(self.path, params={"sort": "-relevance"}), "sort")
        text = value_of(self.resource.model, self.fields[0])
        word = self.word_in(elsewhere, text)
        first = self.make(rows, **{self.fields[0]: text})
        made = [first]
        for name in self.fields[1:]:
            if field_of(self.resource.model, name).takes(text):
                made += [rows.make(self.resource.model, **{name: text})]
        expected = [self.resource.shown(row) for row in made]
        params: dict[str, Any] = {"q": word, "sort": "-relevance", "limit": 1}
{% if pagination == "cursor" %}
        seen: list[dict[str, Any]] = []
        while params.get("cursor", "") is not None:
            page = client.get(self.path, params=params).json()
            seen += page["items"]
            params["cursor"] = page["next_cursor"]
        assert seen == expected
{% else %}
        seen = [items(client, self.path, **params, offset=number)[0] for number in range(len(made))]
        assert seen == expected
{% endif %}
