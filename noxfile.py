"""Tasks of the template: `nox -l` lists them; `nox` runs all but the demo and the benchmark."""

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "tests", "variants", "updates", "contract", "fuzz", "resilience"]

PYPROJECT = nox.project.load_toml("pyproject.toml")

# As many processes as there are processors.
PARALLEL = "--numprocesses=auto"


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and types of the template's own Python."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Test the template: questions, validation, both tools."""
    install(session, "test")
    own_sessions = ("variants", "updates", "contract", "fuzz", "resilience")
    ignored = [f"--ignore=tests/{folder}" for folder in own_sessions]
    # Some take a hundred times as long as others.
    session.run("pytest", *ignored, PARALLEL, "--dist=worksteal", *session.posargs)


@nox.session
def variants(session: nox.Session) -> None:
    """Render each variant and example with both tools; run its lint, types, tests and pre-commit.

    `-- -k blog-sync-uuid7-offset` takes one variant, `-- -k shop` one example.
    """
    install(session, "test")
    session.run("pytest", "tests/variants", PARALLEL, *session.posargs)


@nox.session
def updates(session: nox.Session) -> None:
    """Edit projects by hand, change their domain and their template, and follow the tutorial.

    `-- --changes=100 -k random` tries 100 random changes of random domains (default 15).
    """
    install(session, "test")
    session.run("pytest", "tests/updates", PARALLEL, *session.posargs)


@nox.session
def contract(session: nox.Session) -> None:
    """Serve examples and hold what they answer against their OpenAPI documents, with Schemathesis.

    `-- --schemathesis="--max-examples=500 --seed=2"` makes more requests, and others.
    """
    install(session, "contract")
    session.run("pytest", "tests/contract", PARALLEL, *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Render random domains and run all checks on each: `-- 100` takes 100 of them (default 25)."""
    install(session, "test")
    count, *options = session.posargs or ["25"]
    session.run("pytest", "tests/fuzz", f"--schemas={count}", *options)


@nox.session
def resilience(session: nox.Session) -> None:
    """Put services under load while their database suspends, restarts and loses connections.

    `-- --seconds=60 --numprocesses=0` loads longer, and one service at a time, as for figures.
    """
    install(session, "test")
    session.run("pytest", "tests/resilience", PARALLEL, *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure rendered projects against the same endpoints written by hand, with wrk.

    It takes a quarter of an hour and writes docs/performance.md. `-- --only=read,list --rows=100000`
    measures less and only prints; `-- --help` names all options.
    """
    install(session, "test")
    session.run("python", "-m", "bench", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Render the blog, run it on real PostgreSQL and talk to it; `-- --serve` keeps it running."""
    install(session, "demo")
    # After Ctrl-C the demo stops its PostgreSQL; nox by itself gives it 0.3 seconds for that.
    session.run("python", "scripts/demo.py", *session.posargs, interrupt_timeout=10)


def install(session: nox.Session, group: str) -> None:
    """Install a dependency group of pyproject.toml."""
    session.install(*nox.project.dependency_groups(PYPROJECT, group))
