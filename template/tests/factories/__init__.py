"""Rows for tests, made through the API: one module per entity."""

from itertools import count

# Makes values that must be unique.
numbers = count(1)
