"""An installation with a digest, a clock that is set by hand, and a relay that remembers what it was given."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from agent.config import Loaded, Secret, Secrets
from agent.digest.send import Desk, look
from agent.effects.relay import Answer, Verdict
from agent.intake.troubles import Shut
from agent.model.address import parse_address
from agent.model.mail import Door
from agent.model.settings import DigestSettings, Identity, RelaySettings, Settings, SmtpSettings, StoreSettings
from agent.model.signal import Evidence, Order, OrderKind, Origin, Strength
from agent.process import apply_signals
from agent.store.db import Db, open_db
from agent.store.public import open_public, repair
from agent.store.writer import Writer

START = datetime(2026, 5, 1, 8, tzinfo=UTC)


@dataclass(slots=True)
class Post:
    """`answer` is what the relay says to everything."""

    loaded: Loaded
    writer: Writer
    db: Db
    now: datetime = START
    answer: Verdict = Verdict.TAKEN
    sent: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    shut: tuple[Shut, ...] = ()

    async def look(self, after: timedelta = timedelta()) -> list[EmailMessage]:
        """What is sent at a later time."""
        self.now += after
        before = len(self.sent)
        desk = Desk(
            loaded=self.loaded, writer=self.writer, now=lambda: self.now, send=self._send, shut=lambda: self.shut
        )
        await look(desk)
        return self.sent[before:]

    async def _send(self, settings: Settings, message: bytes) -> Answer:
        assert settings.relay.password == "pw"
        mail = message_from_bytes(message, policy=default)
        assert isinstance(mail, EmailMessage)
        self.sent.append(mail)
        self.raw.append(message)
        return Answer(verdict=self.answer, said="250 ok")

    def change(self, **sections: object) -> None:
        """The same with other sections."""
        settings = replace(self.loaded.settings, **sections)  # type: ignore[arg-type]  # each test names its own
        self.loaded = replace(self.loaded, settings=settings)

    def suppress(self, address: str, why: str = "asked by telephone") -> None:
        """An order of the operator, now."""
        key = parse_address(address)
        assert key
        evidence = Evidence(rule="operator:suppress", excerpt=why, strength=Strength.E3)
        order = Order(
            address=key, evidence=evidence, kind=OrderKind.SUPPRESS, why=why, by="Mei", state="opt_out", scope="all"
        )
        with self.db.transaction():
            origin = Origin(door=Door.OPERATOR, received_at=self.now)
            apply_signals(self.db, (order,), origin, self.loaded.settings, self.now)


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    settings = Settings(
        identity=Identity(
            company="Shop Ltd", postal_address="1 Road", contact="sales@shop.example", domains=("shop.example",)
        ),
        store=StoreSettings(
            directory=str(tmp_path / "store"), public_directory=str(tmp_path / "public"), busy_seconds=1, free_bytes=0
        ),
        relay=RelaySettings(host="relay.shop.example", user="sales@shop.example"),
        smtp=SmtpSettings(listen=("127.0.0.1:2525",)),
        digest=DigestSettings(to="boss@shop.example"),
    )
    config = tmp_path / "config.toml"
    config.touch(0o600)
    db, public = open_db(settings.store), open_public(settings.store)
    repair(db, public, START)
    writer = Writer(lambda: open_db(settings.store), lambda _: None)
    writer.start()
    loaded = Loaded(settings=settings, path=config, secrets=Secrets(relay=Secret("pw"), imap={}))
    yield Post(loaded=loaded, writer=writer, db=db)
    await writer.stop()
    public.close()
    db.close()
