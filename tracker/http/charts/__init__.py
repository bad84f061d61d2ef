"""What the charts draw, made from the tables that stand beside them.

Out: JSON-able dicts for static/admin/charts.js, whose `kind` says which of its drawings is meant.  All labels are written here,
so that the script knows no language.  shapes.py has the drawings that any table can use, stages.py those of the stages alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from tracker.reports.query import Query
from tracker.reports.table import ReportTable
from tracker.telling.cells import Writer

# None: there is nothing to draw.
Chart: TypeAlias = Callable[[ReportTable, Query, Writer], "dict[str, Any] | None"]
