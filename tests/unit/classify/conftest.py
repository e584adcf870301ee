"""The catalogue of the package, built once."""

from pathlib import Path

import pytest

from agent.rules.catalog import RULE_FILES, Catalog, build

DATA = Path(__file__).parents[3] / "agent" / "data"


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return build({path.as_posix(): path.read_text("utf-8") for glob in RULE_FILES for path in DATA.glob(glob)})
