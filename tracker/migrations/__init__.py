"""How the tables came to be what they are: one module in `versions/` a change, in order, run by `tracker.storage.migrate`.

To change a table: declare it in tracker/tables, then `scripts/migration "what changes and why"` writes the next module.
Add first, remove a release later: the release before must work on the new tables while machines are updated one by one.
"""
