"""An entity is removed or renamed: what was edited by hand does not get lost unasked."""

import re
import subprocess
from copy import deepcopy
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from tests.environment import Commands
from tests.rendering import REPOSITORY, copier, git
from tests.updates.changes import as_yaml
from tests.updates.projects import BLOG, WITHOUT_COMMENTS, Project, differences

RENAMED = yaml.safe_load(re.sub(r"\bcomment", "remark", as_yaml(BLOG)))
UPDATING = REPOSITORY / "docs" / "updating.md"
RECIPE = re.compile(r"```python\n(.*?)```", re.DOTALL)
ROWS = """
    WITH author AS (INSERT INTO users (email, name) VALUES ('a@example.com', 'Ada') RETURNING id),
        post AS (
            INSERT INTO posts (title, body, author_id) SELECT 'Notes', '', id FROM author
            RETURNING id, author_id
        )
    INSERT INTO comments (body, post_id, author_id) SELECT 'Why?', id, author_id FROM post
"""
METHOD = '''
    def is_reply(self) -> bool:
        """Tell whether this answers another comment."""
        return self.parent_id is not None
'''


@pytest.fixture
def project(tmp_path: Path, origin: Path) -> Project:
    """Return a blog with an edited model."""
    project = Project.generated(copier(origin, tmp_path / "my-blog", {}))
    project.edit(
        "src/my_blog/models/comment.py",
        "\n\n\nclass CommentCreate(",
        f"\n{METHOD}\n\nclass CommentCreate(",
    )
    project.commit()
    return project


def test_removing_an_edited_entity(tmp_path: Path, origin: Path, project: Project) -> None:
    project.write_domain(WITHOUT_COMMENTS)
    process = project.scaffold()
    assert process.returncode == 1
    assert process.stdout == (
        "These files would be removed, and what you wrote into them:\n"
        "    src/my_blog/models/comment.py\n"
        "To remove them (git keeps them), add: -- --remove\n"
        "\n"
        "Nothing was changed.\n"
    )
    assert project.status() == {}

    process = project.scaffold("--remove")
    assert process.returncode == 0
    assert "Tables to be dropped, with all their rows:\n    comments\n" in process.stdout
    fresh = copier(origin, tmp_path / "fresh", {"entities": as_yaml(WITHOUT_COMMENTS)})
    assert differences(project, Project(fresh)) == {"schema.yml"}


def test_renaming_an_edited_entity(tmp_path: Path, origin: Path, project: Project) -> None:
    project.write_domain(RENAMED)
    process = project.scaffold()
    assert process.returncode == 1
    move = "git mv src/my_blog/models/comment.py src/my_blog/models/remark.py"
    assert (
        "If `comment` is now called `remark`: move them, put the new name into them, commit, and run "
        f"this again.\n    {move}\n"
    ) in process.stdout
    assert project.status() == {}

    subprocess.run(move.split(), cwd=project.path, check=True)
    model = project.read("src/my_blog/models/remark.py")
    project.write(
        "src/my_blog/models/remark.py",
        model.replace("Comment", "Remark").replace("comment", "remark"),
    )
    project.commit()
    process = project.scaffold()
    assert process.returncode == 1
    assert "In conflict:\n    src/my_blog/models/remark.py\n" in process.stdout
    assert 'op.rename_table("comments", "remarks")' in process.stdout
    git(project.path, "checkout", "--ours", "src/my_blog/models/remark.py")
    project.commit()
    fresh = Project(copier(origin, tmp_path / "fresh", {"entities": as_yaml(RENAMED)}))
    assert differences(project, fresh) == {"schema.yml", "src/my_blog/models/remark.py"}
    assert METHOD.replace("comment", "remark") in project.read("src/my_blog/models/remark.py")


def test_renaming_a_table(tmp_path: Path, origin: Path) -> None:
    """The recipe in docs/updating.md keeps the rows and leaves nothing to do."""
    project = Project.generated(copier(origin, tmp_path / "my-blog", {}))
    commands = Commands(project.path)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial schema")
    commands.run("alembic", "upgrade", "head")
    run_sql(commands, ROWS)
    project.write_domain(RENAMED)
    assert project.scaffold().returncode == 0

    commands.run("alembic", "revision", "-m", "comments are remarks")
    (migration,) = project.path.glob("migrations/versions/*_comments_are_remarks_*.py")
    recipe = dedent(RECIPE.findall(UPDATING.read_text(encoding="utf-8"))[0])
    head, _, _ = migration.read_text().partition("def upgrade()")
    migration.write_text(f"{head}{recipe}")
    sql = commands.run("nox", "-s", "migrations", "--", "indexes of remarks").stdout
    assert "INDEX ix_remarks_post_id_id" in sql
    assert "TABLE remarks" not in sql.replace("ALTER TABLE remarks", "")
    commands.run("alembic", "upgrade", "head")
    assert "No new upgrade operations" in commands.run("nox", "-s", "migrations").stdout
    assert run_sql(commands, "SELECT body FROM remarks") == "[('Why?',)]"
    keys = run_sql(commands, "SELECT conname FROM pg_constraint WHERE contype = 'f'")
    assert "comment" not in keys
    assert "fk_remarks_parent_id_remarks" in keys
    commands.run("alembic", "downgrade", "-2")
    assert run_sql(commands, "SELECT body FROM comments") == "[('Why?',)]"


def test_renaming_fields_and_relations(tmp_path: Path, origin: Path) -> None:
    """Each column that goes is named; what may be its new name too. With that, values stay."""
    project = Project.generated(copier(origin, tmp_path / "my-blog", {}))
    commands = Commands(project.path)
    commands.run("alembic", "revision", "--autogenerate", "-m", "initial schema")
    commands.run("alembic", "upgrade", "head")
    run_sql(commands, ROWS)
    domain = deepcopy(BLOG)
    post = domain["post"]
    post["fields"] = {
        "headline" if name == "title" else name: field for name, field in post["fields"].items()
    }
    post["fields"]["state"] = post["fields"].pop("status")
    post["search"] = ["headline" if name == "title" else name for name in post["search"]]
    post["relations"]["labels"] = post["relations"].pop("tags")
    post["soft_delete"] = False
    domain["comment"]["relations"]["writer"] = domain["comment"]["relations"].pop("author")
    project.write_domain(domain)
    process = project.scaffold()
    assert process.returncode == 0, process.stdout
    renames = [
        'op.rename_table("post_tags_link", "post_labels_link")',
        'op.alter_column("comments", "author_id", new_column_name="writer_id")',
        'op.alter_column("posts", "status", new_column_name="state")',
        'op.alter_column("posts", "title", new_column_name="headline")',
    ]
    assert (
        "New tables:\n    post_labels_link\n"
        "Tables to be dropped, with all their rows:\n    post_tags_link\n"
        "Columns to be dropped, with all their values:\n"
        "    comments.author_id\n    posts.deleted_at\n    posts.status\n    posts.title\n"
        "What only has a new name loses nothing if the migration says so, in place of dropping the old "
        "and creating the new:\n" + "".join(f"    {rename}\n" for rename in renames)
    ) in process.stdout

    # As the documents say: first the names, in a migration of its own; then what is left.
    commands.run("alembic", "revision", "-m", "new names")
    (migration,) = project.path.glob("migrations/versions/*_new_names_*.py")
    head, _, _ = migration.read_text().partition("def upgrade()")
    body = "\n    ".join(["def upgrade() -> None:", *renames])
    migration.write_text(f"{head}{body}\n\n\ndef downgrade() -> None:\n    pass\n")
    sql = commands.run("nox", "-s", "migrations", "--", "the rest").stdout
    assert "DROP TABLE" not in sql
    assert re.findall(r"(?:ADD|DROP) COLUMN \w+", sql) == ["DROP COLUMN deleted_at"]
    commands.run("alembic", "upgrade", "head")
    assert "No new upgrade operations" in commands.run("nox", "-s", "migrations").stdout
    assert run_sql(commands, "SELECT headline, state FROM posts") == "[('Notes', 'draft')]"


def run_sql(commands: Commands, sql: str) -> str:
    """Run SQL in the database of the project and return the rows, as Python shows them."""
    script = (
        "import sys; from pathlib import Path; import psycopg; "
        "from my_blog.db.embedded import embedded_url; "
        "connection = psycopg.connect(embedded_url(Path('.postgres')), autocommit=True); "
        "cursor = connection.execute(sys.argv[1]); "
        "print(cursor.fetchall() if cursor.description else '')"
    )
    return commands.run("python", "-c", script, sql).stdout.strip()
