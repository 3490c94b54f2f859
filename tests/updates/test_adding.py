"""A project that was edited by hand gets an entity: edits stay, all checks pass, nothing else changes."""

from pathlib import Path

import pytest

from tests.environment import Commands
from tests.rendering import cookiecutter, copier, tree, variant_answers
from tests.updates.changes import as_yaml
from tests.updates.projects import BLOG, WITHOUT_COMMENTS, Project, differences

ENDPOINT = '''

@router.get("/{post_id}/words", responses=NOT_FOUND)
ASYNC def count_words(
    session: ReadSession,
    post_id: Identifier,
) -> int:
    """Count the words of a post."""
    post = AWAIT posts_repository.get(session, post_id)
    return len(post.body.split())
'''
TEST = '''"""Counting words, and a setting of our own."""

from typing import Any

from fastapi.testclient import TestClient

from my_blog.models.post import Post, PostStatus
from my_blog.settings import Settings


def test_words(client: TestClient) -> None:
    author = client.post("/users", json={"email": "ada@example.com", "name": "Ada"}).json()
    post = {"title": "Notes", "body": "On the engine", "author_id": author["id"]}
    created = client.post("/posts", json=post).json()
    assert client.get(f"/posts/{created['id']}/words").json() == 3


def test_filter(client: TestClient) -> None:
    client.post("/tags", json={"name": "engines"})
    assert client.get("/posts", params={"tag": "engines"}).json()["items"] == []


def test_is_public() -> None:
    published: dict[str, Any] = {"status": PostStatus.PUBLISHED}
    assert Post(**published).is_public()


def test_greeting() -> None:
    assert Settings().greeting == "Welcome"
'''


def edit(project: Project, is_async: bool) -> None:
    """Do what people do to a project, where they do it: at the end of things."""
    endpoint = ENDPOINT.replace("ASYNC ", "async " if is_async else "")
    project.append(
        "src/my_blog/api/post.py", endpoint.replace("AWAIT ", "await " if is_async else "")
    )
    project.edit(
        "src/my_blog/models/post.py",
        "\n\n\nclass PostCreate(",
        "\n\n    def is_public(self) -> bool:\n"
        '        """Tell whether everybody may read the post."""\n'
        "        return self.status is PostStatus.PUBLISHED\n"
        "\n\nclass PostCreate(",
    )
    project.edit(
        "src/my_blog/queries/post.py",
        "import Annotated, Literal\n",
        "import Annotated, Literal\n\nfrom sqlmodel import col\n",
    )
    project.edit(
        "src/my_blog/queries/post.py",
        "\n\n\ntags_link = ",
        "\n    tag: Annotated[str | None, Filter(lambda name: col(Post.tags).any(name=name))] = None"
        "\n\n\ntags_link = ",
    )
    project.edit(
        "src/my_blog/models/user.py",
        "name: str = Field(min_length=1, max_length=100)",
        'name: str = Field(min_length=1, max_length=100, description="As on the door.")',
    )
    project.edit(
        "src/my_blog/settings.py",
        "\n    @model_validator",
        '\n    greeting: str = Field(default="Welcome", description="What visitors read first.")\n'
        "\n    @model_validator",
    )
    project.edit("pyproject.toml", '    "uvicorn', '    "typing-extensions>=4.12",\n    "uvicorn')
    project.append(
        "tests/test_settings.py",
        "\n\ndef test_pool_size() -> None:\n    assert Settings().pool_size == 15\n",
    )
    (project.path / "tests/test_ours.py").write_text(TEST)


@pytest.mark.parametrize("variant", ["async-uuid7-cursor", "sync-bigint-offset"])
def test_adding_an_entity(tmp_path: Path, origin: Path, variant: str) -> None:
    is_async = "async" in variant
    options = variant_answers(variant)
    small, large = ({**options, "entities": as_yaml(domain)} for domain in (WITHOUT_COMMENTS, BLOG))
    by_copier = Project.generated(copier(origin, tmp_path / "copier" / "my-blog", small))
    by_cookiecutter = Project.generated(cookiecutter(origin, tmp_path / "cookiecutter", small))
    fresh = Project.generated(copier(origin, tmp_path / "fresh" / "my-blog", large))
    touched = differences(by_copier, fresh) - {"schema.yml"}
    for project in (by_copier, by_cookiecutter):
        edit(project, is_async)
        project.write_domain(BLOG)

    # With one as its users do, with migrations; with the other just what the session runs.
    commands = Commands(by_copier.path)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial schema")
    by_copier.commit()
    output = commands.run("nox", "-s", "scaffold").stdout
    added = (f"    src/my_blog/{layer}/comment.py\n" for layer in ("api", "models", "queries"))
    assert f"Added:\n{''.join(added)}" in output
    assert "New tables:\n    comments\n" in output
    assert by_cookiecutter.scaffold().returncode == 0
    assert by_copier.status().keys() == by_cookiecutter.status().keys() == touched

    # It does not matter what came first, the edits or the entity.
    edit(fresh, is_async)
    fresh.write_domain(BLOG)
    assert differences(by_cookiecutter, fresh) == set()
    of_users = {name for name in differences(by_copier, fresh) if name not in tree(fresh.path)}
    assert differences(by_copier, fresh) == of_users

    commands.run("nox", "-s", "migrations", "--", "add comments")
    commands.run("alembic", "upgrade", "head")
    assert "No new upgrade operations" in commands.run("nox", "-s", "migrations").stdout
    output = commands.run("nox").stdout
    assert " passed" in output
    assert "skipped" not in output
    changed = by_copier.status()
    assert [code for name, code in changed.items() if "migrations/versions/" in name] == ["??"]


def test_files_that_users_added_and_removed(tmp_path: Path, origin: Path) -> None:
    answers = {"entities": as_yaml(WITHOUT_COMMENTS)}
    project = Project.generated(copier(origin, tmp_path / "my-blog", answers))
    added, removed = "src/my_blog/models/comment.py", "src/my_blog/api/user.py"
    project.write(added, '"""Ours."""\n')
    (project.path / removed).unlink()
    project.write_domain(BLOG)
    process = project.scaffold()
    assert process.returncode == 1
    assert f"In conflict:\n    {added}\n" in process.stdout
    assert f"Changed by the template, but you removed them:\n    {removed}\n" in process.stdout
    assert project.read(added).startswith('<<<<<<< before updating\n"""Ours."""\n=======\n')
    assert not (project.path / removed).exists()
