"""Draws the pictures of the README anew: `./run python docs/pictures.py`. All three show one run of the demo.

Law: nothing in them is made up; they are what the program prints for the twenty mails of `optoutd demo`.
"""

import asyncio
import io
import logging
import tempfile
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from rich.console import Console

from agent.cli import status
from agent.config import Loaded, Secrets
from agent.demo.stage import perform
from agent.digest.facts import collect
from agent.digest.mail import digest
from agent.digest.words import words
from agent.doctor.patient import opened
from agent.model.settings import Identity, Settings, SmtpSettings, StoreSettings
from agent.obs.clock import utc_now
from agent.store.work_lock import WorkLock

HERE = Path(__file__).parent
SALES = "sales@harbour-nets.example"


def installation(directory: Path) -> Loaded:
    """The store that the demo leaves behind."""
    settings = Settings(
        identity=Identity(
            company="Harbour Nets Co., Ltd.", postal_address="18 Pier Road, Qingdao", contact=SALES,
            domains=("harbour-nets.example",),
        ),
        store=StoreSettings(
            directory=str(directory / "store"), public_directory=str(directory / "public"), free_bytes=0
        ),
        smtp=SmtpSettings(listen=("127.0.0.1:2525",)),
    )  # fmt: skip
    config = directory / "config.toml"
    config.touch(0o600)
    return Loaded(settings=settings, path=config, secrets=Secrets(imap={}))


def draw_status(console: Console, loaded: Loaded) -> None:
    """As somebody sees it while the daemon works."""
    lock = WorkLock(loaded.settings.store)
    lock.demand()
    status.draw(status.look(loaded.settings), console)
    lock.release()


def draw_digest(console: Console, loaded: Loaded) -> None:
    """The mail of the evening."""
    with opened(loaded, utc_now) as patient:
        assert patient.db is not None
        facts = collect(patient, patient.db, utc_now() - timedelta(days=1), utc_now())
    raw = digest(facts, words("en"), sender=SALES, to="you@harbour-nets.example", name="digest")
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    text = mail.get_body(("plain",))
    assert text is not None
    for name in ("From", "To", "Subject"):
        console.print(f"{name}: {mail[name]}")
    console.print(f"Attached: {', '.join(str(part.get_filename()) for part in mail.iter_attachments())}\n")
    console.print(str(text.get_content()).replace("\r\n", "\n").strip())


def picture(name: str, title: str, draw: Callable[[Console], object]) -> None:
    """What is drawn on a console of its own, as SVG."""
    console = Console(record=True, width=102, file=io.StringIO(), force_terminal=True, highlight=False)
    draw(console)
    console.save_svg(str(HERE / f"{name}.svg"), title=title, unique_id=f"optoutd-{name}")


def main() -> None:
    """Plays the demo once and draws it."""
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="optoutd-pictures-") as name:
        directory = Path(name)
        picture("demo", "./run demo", lambda console: asyncio.run(perform(directory, console, keep=False)))
        loaded = installation(directory)
        picture("status", "optoutd status", lambda console: draw_status(console, loaded))
        picture("digest", "the digest, once a day", lambda console: draw_digest(console, loaded))


if __name__ == "__main__":
    main()
