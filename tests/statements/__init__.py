"""Statements of rendered projects: what they do is what SQLAlchemy does."""
