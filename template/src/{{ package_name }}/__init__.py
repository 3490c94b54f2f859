"""The backend: models, database and HTTP API."""
