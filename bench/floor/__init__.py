"""The floor: endpoints of the blog's posts, written by hand on FastAPI and psycopg's pool."""
