"""Tests, on a PostgreSQL of their own that starts and ends with them."""
