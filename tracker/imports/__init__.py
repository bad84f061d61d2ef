"""Bulk import of a shop's past: events, orders, customers, offline contacts.  Read importer.py first.

For shops: docs/import.md.

To add a kind: a module with the members of kinds.Kind, its line in KINDS, its command in command.py, its section in
docs/import.md and its file in docs/examples.
"""

from tracker.imports.importer import KINDS, import_file
from tracker.imports.lines import FileRefused
from tracker.imports.report import ImportReport

__all__ = ["KINDS", "FileRefused", "ImportReport", "import_file"]
