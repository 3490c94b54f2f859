"""The projects that are rendered and tested in full, as pairs of a domain and a variant."""

from itertools import product

# Every combination of the three options that change the code.
VARIANTS = [
    ("blog", "-".join(options))
    for options in product(("async", "sync"), ("uuid7", "bigint"), ("cursor", "offset"))
]

EXAMPLES = [
    ("hr", "async-bigint-offset"),
    ("school", "async-uuid7-cursor"),
    ("shop", "sync-bigint-offset"),
    ("tracker", "sync-uuid7-cursor"),
]
