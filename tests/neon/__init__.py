"""Contract tests: what rendered projects ask of Neon is what its OpenAPI file knows."""
