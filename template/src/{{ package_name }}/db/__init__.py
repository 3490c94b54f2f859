"""The database: engine, sessions and data access."""
