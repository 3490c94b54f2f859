"""How fast rendered projects are, in multiples of the same endpoints written by hand."""
