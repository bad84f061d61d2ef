"""The journey core: a pure function of a subject's events in order.  No database, clock or framework; see fold.py."""
