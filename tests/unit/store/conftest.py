"""An open, empty store in a directory of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.model.settings import StoreSettings
from agent.store.db import Db, open_db
from agent.store.public import Public, open_public


@pytest.fixture
def store(tmp_path: Path) -> StoreSettings:
    return StoreSettings(directory=str(tmp_path / "store"), public_directory=str(tmp_path / "public"), busy_seconds=1)


@pytest.fixture
def db(store: StoreSettings) -> Iterator[Db]:
    opened = open_db(store)
    yield opened
    opened.close()


@pytest.fixture
def public(store: StoreSettings) -> Iterator[Public]:
    opened = open_public(store)
    yield opened
    opened.close()
