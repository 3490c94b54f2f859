"""What clients may ask of lists, an entity each, and where its rows are read and written."""
