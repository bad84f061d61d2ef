"""From the intake to the tables.  process.py first: it is the way of one batch."""
