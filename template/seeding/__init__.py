"""Rows to try the project on: `uv run nox -s seed -- --rows 100000 --seed 1`.

Only for development: the application imports none of this, and the wheel does not have it.
"""
