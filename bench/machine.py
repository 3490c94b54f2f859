"""Where and with what it was measured."""

import json
import os
import platform
import re
import subprocess
import time
from pathlib import Path

from bench.services import PROCESSORS, PYTHON
from tests.rendering import REPOSITORY, git
from tests.resilience.postgres import Server

# What the machine did in the minute before, by the number of processes.
LOAD_BEFORE = os.getloadavg()[0]

PACKAGES = ("fastapi", "pydantic", "sqlmodel", "sqlalchemy", "psycopg", "psycopg-pool", "uvicorn")
# What figures depend on, of the repository.
MEASURED = ("bench", "includes", "template")

VERSIONS = """
import importlib.metadata, json, platform
versions = {{name: importlib.metadata.version(name) for name in {packages}}}
print(json.dumps({{"Python": platform.python_version()}} | versions))
"""


def conditions(server: Server) -> list[str]:
    """Return the commit, the machine and the versions, as items of a list."""
    script = VERSIONS.format(packages=PACKAGES)
    python = json.loads(subprocess.check_output([PYTHON, "-c", script], text=True))
    ((postgres,),) = server.execute("SHOW server_version")
    versions = {"PostgreSQL": postgres.split()[0]} | python
    changed = " with changes" if git(REPOSITORY, "status", "--porcelain", *MEASURED) else ""
    return [
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, commit"
        f" {git(REPOSITORY, 'rev-parse', '--short', 'HEAD').strip()}{changed}",
        f"{len(PROCESSORS)} processors ({_processor()}), {_memory()} GB of memory, {platform.system()};"
        f" {LOAD_BEFORE:.1f} processes ran in the minute before",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]


def _processor() -> str:
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return names[0] if names else platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)
