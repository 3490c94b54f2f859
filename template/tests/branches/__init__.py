"""Tests of branches: on the embedded server, and on Neon as far as that can be without Neon."""
