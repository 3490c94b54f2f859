"""Several processes migrate one database at the same time, as instances of a service may."""

from tests.environment import STOP_TIMEOUT, Commands
from tests.resilience.postgres import Server
from tests.resilience.stack import of_each_project

PROCESSES = 4


@of_each_project
def test_simultaneous_migrations(project: Commands, server: Server) -> None:
    server.execute("CREATE DATABASE empty")
    url = server.url("empty")
    processes = [
        project.start("alembic", "upgrade", "head", DATABASE_URL=url) for _ in range(PROCESSES)
    ]
    outputs = [process.communicate(timeout=STOP_TIMEOUT)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, outputs
    project.run("alembic", "check", DATABASE_URL=url)
