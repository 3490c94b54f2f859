"""Tests of the endpoints: one module per entity."""
