from collections.abc import Iterator

import pytest

from tests.report.cases import Leak, leak


@pytest.fixture(scope="session")
def leaked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leak]:
    made = leak(tmp_path_factory.mktemp("report"))
    yield made
    made.vault.close()
