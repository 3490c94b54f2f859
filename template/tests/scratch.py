"""Where the servers of tests keep their data."""

import shutil
from pathlib import Path

# Files in memory, on Linux; in containers there may be little room.
MEMORY = Path("/dev/shm")
ROOM = 2**30  # bytes


def scratch() -> Path | None:
    """Return a folder in memory if there is room, as disks make tests wait; else None."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if has_room else None
