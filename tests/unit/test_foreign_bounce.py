"""A bounce about mail that another system sent to a buyer of ours: counted, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.model.mail import Door, RawMessage, Role, Source
from agent.model.settings import Addresses, Identity, Settings, StoreSettings
from agent.store import reads
from agent.store.db import open_db
from agent.store.writer import Writer
from agent.worker.kit import load_kit
from tests.support.fake_relay import FakeRelay
from tests.support.shop import ANA, RING, World, key

DSN = """From: MAILER-DAEMON@mx.elsewhere.example\r
To: bounce@t.shop.example\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <dsn-1@mx.elsewhere.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.elsewhere.example\r
\r
Final-Recipient: rfc822; ana@buyer.example\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 user unknown\r
\r
--b\r
Content-Type: text/rfc822-headers\r
\r
From: news@another-company.example\r
To: ana@buyer.example\r
Subject: not ours\r
Message-ID: <77@another-company.example>\r
\r
--b--\r
"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    places = StoreSettings(directory=str(tmp_path / "own"), public_directory=str(tmp_path / "public"))
    settings = Settings(
        identity=Identity(
            company="Shop", postal_address="1 Road", contact="us@shop.example", domains=("shop.example",)
        ),
        store=places,
        addresses=Addresses(
            unsubscribe=("leave@shop.example",), bounce=("bounce@t.shop.example",), token_domain="t.shop.example"
        ),
    )
    writer = Writer(lambda: open_db(places), lambda _: None)
    writer.start()
    async with FakeRelay() as relay:
        yield World(writer, settings, relay, load_kit(None, RING))
    await writer.stop()


# hazard D13
async def test_a_bounce_of_somebody_elses_mail_changes_nothing(world: World) -> None:
    await world.was_mailed()
    message = RawMessage(
        source=Source(door=Door.SMTP, reference="dsn"), envelope_from="", envelope_to=("bounce@t.shop.example",),
        peer="192.0.2.9", raw=DSN.encode(), received_at=world.now, role=Role.BOUNCE,
    )  # fmt: skip
    await world.process.accept(message)
    while await world.process.process_next():
        pass
    assert await world.states() == set()
    (past,) = await world.writer.run(lambda db: reads.history(db, key(ANA)))
    assert (past.kind, past.after) == ("bounce", ())
