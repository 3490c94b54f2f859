"""What this project adds to Alembic; `env.py`, beside this folder, uses it."""
