"""An installation to be examined: its settings, a store that exists, and a clock that stands."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.config import Loaded, Secret, Secrets
from agent.doctor.finding import Findings
from agent.doctor.patient import Patient, opened
from agent.model.settings import Identity, Settings, StoreSettings
from agent.store.db import Db, open_db
from agent.store.public import open_public, repair

NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
MakePatient = Callable[..., Patient]


def lines(findings: Findings) -> list[tuple[str, str]]:
    """Level and place of each line."""
    return [(one.level.value, one.about) for one in findings]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    store = StoreSettings(
        directory=str(tmp_path / "store"), public_directory=str(tmp_path / "public"), busy_seconds=1, free_bytes=0
    )
    identity = Identity(
        company="Shop Ltd", postal_address="1 Road", contact="sales@shop.example", domains=("shop.example",)
    )
    return Settings(identity=identity, store=store)


@pytest.fixture
def db(settings: Settings) -> Iterator[Db]:
    """The store of an installation that was started before."""
    db, public = open_db(settings.store), open_public(settings.store)
    repair(db, public, NOW)
    public.close()
    yield db
    db.close()


@pytest.fixture
def patient(settings: Settings, tmp_path: Path) -> Iterator[MakePatient]:
    """`patient(relay=...)`: the installation with other sections."""
    config = tmp_path / "config.toml"
    config.touch(0o600)
    with ExitStack() as stack:

        def make(**sections: object) -> Patient:
            changed = replace(settings, **sections)  # type: ignore[arg-type]  # every test names its own few
            secrets = Secrets(relay=Secret("pw"), imap={account.name: Secret("pw") for account in changed.imap})
            loaded = Loaded(settings=changed, path=config, secrets=secrets)
            return stack.enter_context(opened(loaded, lambda: NOW))

        yield make
