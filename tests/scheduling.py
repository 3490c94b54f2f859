"""Which tests run in one process when pytest-xdist runs several."""

import re
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps tests together, in their order, that share the group of a pattern in their names.

    `--dist=loadgroup` of pytest-xdist 3.8, which is for this, has no effect with pytest 9.2.
    """

    def __init__(self, config: pytest.Config, log: Any, pattern: re.Pattern[str]) -> None:
        super().__init__(config, log)
        self.pattern = pattern

    def _split_scope(self, nodeid: str) -> str:
        match = self.pattern.search(nodeid)
        return str(match[match.lastindex or 0]) if match else nodeid
