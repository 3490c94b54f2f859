"""What entities do, by behaviour. The tests of an entity say which of it, and with which fields."""
