"""What a person may ask for, and what time takes away: export.py, forget.py (erasing), retention.py (expiring).

Erasing and expiring keep totals: what is erased had booked moves to a frozen residue, what expires is folded into a base state
from which a rebuild starts.
"""
