"""Sets DATABASE_URL in a file `.env`."""

import re
from pathlib import Path

# A direct URL would lead migrations to another branch than the service.
SETS_URL = re.compile(r"\s*(export\s+)?DATABASE_URL(_UNPOOLED)?\s*=", re.IGNORECASE)


def write_database_url(path: Path, url: str) -> None:
    """Set DATABASE_URL and leave all other lines alone. A former URL stays, as a comment."""
    setting = f"DATABASE_URL={url}"
    if not path.exists():
        path.touch(mode=0o600)
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        kept = f"# {line}" if SETS_URL.match(line) else line
        if kept != line and kept in lines:
            continue
        lines.append(kept)
    lines = [line for line in lines if line != f"# {setting}"]
    path.write_text("\n".join([*lines, setting, ""]), encoding="utf-8")
