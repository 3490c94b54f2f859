"""Data access: what is read and written, and with which statements."""
