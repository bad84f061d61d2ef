"""What tests of reports are given: `asked`, the filled demo shop.  They only read it: it is filled once for all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import NewDatabase
from tests.reports.filled import Asked, filled


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory, own_database: NewDatabase) -> Iterator[Asked]:
    with filled(tmp_path_factory.mktemp("filled"), own_database) as shop:
        yield shop
