{% from "includes/python.jinja" import sorted_imports with context %}
{% set entity = schema | first %}
"""`nox -s explain`: the statements of a request, and their plans."""

import pytest
from sqlalchemy import Engine

{{ sorted_imports([
  ["explaining.__main__", ["explain"]],
  ["tests.resources." ~ entity.module, [entity.name | upper ~ " as RESOURCE"]],
]) }}


@pytest.fixture(autouse=True)
def database_url(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the settings name the database of the test."""
    url = engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)


def test_a_request_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    explain(f"GET {RESOURCE.path}?sort=id&limit=9")
    output = capsys.readouterr().out
    assert f"GET {RESOURCE.path}?sort=id&limit=9: 200, " in output
    assert "Statement 1 of 1\nSELECT " in output
    assert "'limit': 10" in output
    assert "    Limit  (cost=" in output
    assert "actual time=" in output


def test_an_answer_that_is_an_error_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    explain(f"{RESOURCE.path}?sort=nonsense")
    output = capsys.readouterr().out
    assert f"GET {RESOURCE.path}?sort=nonsense: 422, " in output
    assert "Statement" not in output


def test_what_could_change_something_is_not_sent(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="DELETE could change something"):
        explain(f"DELETE {RESOURCE.path}/1")
    assert capsys.readouterr().out == ""
