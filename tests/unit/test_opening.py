"""The public list as the writer keeps it: damaged while it runs, it is made anew as soon as that can be done."""

from pathlib import Path

import pytest

from agent import opening
from agent.model.settings import StoreSettings
from agent.opening import Listing
from agent.store.db import Db, open_db
from agent.store.errors import StoreDamaged, StoreFull
from agent.store.public import open_public
from agent.store.sound import make_anew
from tests.unit.store.samples import address, standing
from tests.unit.store.test_public import save, states


@pytest.fixture
def store(tmp_path: Path) -> StoreSettings:
    return StoreSettings(directory=str(tmp_path / "store"), public_directory=str(tmp_path / "public"), busy_seconds=1)


# hazard E5
def test_a_disk_that_is_full_puts_it_off_and_no_more(store: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    db = open_db(store)
    listing = Listing(settings=store, public=open_public(store))
    save(db, address("ann@x.example"), standing())
    listing.after_commit(db)
    save(db, address("bob@x.example"), standing())

    def damaged(*_: object) -> int:
        raise StoreDamaged("a broken page")

    def full(*_: object) -> int:
        raise StoreFull("the disk is full")

    monkeypatch.setattr(opening, "publish", damaged)
    monkeypatch.setattr(opening, "make_anew", full)
    for _ in range(2):
        with pytest.raises(StoreFull):
            listing.after_commit(db)
    monkeypatch.setattr(opening, "make_anew", make_anew)
    listing.after_commit(db)
    assert states(listing.public) == [("ann@x.example", "opt_out"), ("bob@x.example", "opt_out")]
    close(db, listing)


# hazard E5
def test_a_list_that_was_found_wrong_is_compared_at_the_next_commit(store: StoreSettings) -> None:
    db = open_db(store)
    listing = Listing(settings=store, public=open_public(store))
    save(db, address("ann@x.example"), standing())
    listing.after_commit(db)
    listing.public.file.connection.execute("DELETE FROM suppressed")
    listing.after_commit(db)
    assert states(listing.public) == []
    listing.mend()
    listing.after_commit(db)
    assert states(listing.public) == [("ann@x.example", "opt_out")]
    close(db, listing)


def close(db: Db, listing: Listing) -> None:
    listing.public.close()
    db.close()
