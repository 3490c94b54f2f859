"""What requests send to the database, and how PostgreSQL answers it.

Only for development: the application imports none of this, and the wheel does not have it.
"""
