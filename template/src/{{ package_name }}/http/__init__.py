"""What every request passes: sessions, limits, retries, idempotency keys, errors, health."""
