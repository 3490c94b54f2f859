"""Sets DATABASE_URL in a file `.env`."""

import io
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from dotenv.parser import parse_stream

from {{ package_name }}.branches import BranchError

URL = "DATABASE_URL"

# A direct URL would lead migrations to another branch than the service.
SETTINGS = (URL, "DATABASE_URL_UNPOOLED")

# What stands around the value: an export before the name, a quote after the sign.
AROUND = re.compile(r"^((?:export\s+)?)[^=]*=?\s*(['\"]?)")

# Characters with a meaning in a .env: in a URL they may as well be encoded.
SPECIAL = re.compile(r"[\s'\"`\\$]")

BYTE_ORDER_MARK = "\ufeff"


def write_database_url(path: Path, url: str) -> None:
    """Set DATABASE_URL and leave all else as it is. A former URL stays, as a comment.

    The file is replaced as a whole, or not at all. Raises BranchError if it is not a file in UTF-8,
    or cannot be written.
    """
    path = path.resolve()  # what a link leads to
    try:
        content = path.read_bytes().decode() if path.exists() else ""
        _replace(path, _with_url(content, url).encode())
    except UnicodeDecodeError:
        raise BranchError(f"{path} is not UTF-8: save it as UTF-8") from None
    except OSError as error:
        raise BranchError(f"{path} cannot be written: {error.strerror}") from None


def _with_url(content: str, url: str) -> str:
    value = SPECIAL.sub(lambda match: quote(match[0]), url)
    setting = f"{URL}={value}"
    newline = "\r\n" if "\r\n" in content else "\n"
    texts: list[str] = []
    place: int | None = None
    text_of_file = content.removeprefix(BYTE_ORDER_MARK)
    for binding in parse_stream(io.StringIO(text_of_file, newline="")):
        text = binding.original.string
        key = (binding.key or "").upper()
        if key in SETTINGS:
            statement = text.lstrip()
            if key == URL or place is None:
                export, quotes = AROUND.findall(statement)[0]
                setting = f"{export}{URL}={quotes}{value}{quotes}"
                place = len(texts) + 1
            lines = "".join(f"# {line}" for line in statement.splitlines(keepends=True))
            text = text.removesuffix(statement) + lines
        texts.append(text)
    # A comment from when this was the URL before is not kept twice.
    texts = [
        text.removesuffix(text.lstrip()) if text.strip() == f"# {setting}" else text
        for text in texts
    ]
    before = "".join(texts[:place])
    if before and not before.endswith(("\n", "\r")):
        before += newline
    mark = BYTE_ORDER_MARK if content.startswith(BYTE_ORDER_MARK) else ""
    after = "" if place is None else "".join(texts[place:])
    return f"{mark}{before}{setting}{newline}{after}"


def _replace(path: Path, content: bytes) -> None:
    """Write a file beside this one, with the same permissions, and put it in its place."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}-", dir=path.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, new)
            with suppress(PermissionError):
                shutil.chown(new, path.owner(), path.group())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
