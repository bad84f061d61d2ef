"""The front door: fast, dumb, total.  door.py first."""
