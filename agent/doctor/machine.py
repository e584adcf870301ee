"""The machine itself: interpreter, SQLite, certificates, and the reader at work on a mail."""

import locale
import ssl
import sys
from datetime import datetime
from pathlib import Path

import apsw

from agent.doctor.finding import Finding, Findings, broken, ok, warning
from agent.doctor.patient import Patient
from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import Settings
from agent.store.db import check_sqlite
from agent.store.errors import StoreError
from agent.worker.reader import Reader, ReaderDown, ReaderFailed

READER_SECONDS = 30  # to start on a slow machine
SAMPLE = (
    b"From: Ann <ann@buyer.example>\r\nTo: sales@example.com\r\nSubject: Re: offer\r\n"
    b"Date: Tue, 03 Nov 2026 10:00:00 +0000\r\nMessage-ID: <doctor@buyer.example>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + "请退订".encode() + b"\r\n"
)


def interpreter() -> Findings:
    """Python, and that texts of every language can be written to where we write."""
    version = ".".join(map(str, sys.version_info[:3]))
    name = locale.getpreferredencoding(do_setlocale=False)
    try:
        "取消 Отписаться".encode(name)
    except (UnicodeError, LookupError):
        return (
            warning("python", f"Python {version} would write {name}, which has no letters for other languages",
                    "set LC_ALL=C.UTF-8 where optoutd is started"),
        )  # fmt: skip
    return (ok("python", f"Python {version}, {name}"),)


def sqlite() -> Findings:
    """The SQLite we bring along, by what it does: an older one can lose what it has promised to keep."""
    version = apsw.sqlite_lib_version()
    try:
        check_sqlite(version)
        apsw.Connection(":memory:").execute(
            "CREATE TABLE a (b INTEGER PRIMARY KEY, c TEXT NOT NULL) STRICT; "
            "INSERT INTO a (c) SELECT value FROM json_each('[1, 2]') RETURNING b"
        )
    except StoreError as error:
        return (broken("sqlite", str(error), "install optoutd anew with its own packages: pip install -U apsw"),)
    except apsw.Error as error:
        return (broken("sqlite", f"SQLite {version} was built without a part: {error}", "pip install -U apsw"),)
    return (ok("sqlite", f"SQLite {version}"),)


def certificates() -> Findings:
    """Without the list of certificate authorities no mail server can be told from an impostor."""
    places = ssl.get_default_verify_paths()
    if places.cafile or (places.capath and any(Path(places.capath).iterdir())):
        return (ok("certificates", "the certificate authorities are installed"),)
    return (
        broken("certificates", "no certificate authorities are installed: no connection to a mail server is safe",
               "sudo apt install -y ca-certificates"),
    )  # fmt: skip


async def reader(patient: Patient) -> Findings:
    """The process that reads mail, with its rules and its limits, on one mail."""
    return (await _read(patient.settings, patient.now()),)


async def _read(settings: Settings, now: datetime) -> Finding:
    door = Source(door=Door.FILES, reference="doctor")
    mail = RawMessage(source=door, envelope_from=None, envelope_to=(), peer="", raw=SAMPLE, received_at=now)
    process = Reader(settings)
    mend = "free memory (the reader needs about 150 MB), or raise limits.reader_memory_bytes; else report it as a fault"
    try:
        await process.start()
        kind = (await process.read(mail)).kind
    except (ReaderDown, ReaderFailed) as error:
        return broken("reader", f"the process that reads mail does not work: {error}", mend)
    finally:
        await process.stop()
    if kind != "unsubscribe":
        return broken("reader", f"a sample opt-out was read as {kind}", "install optoutd anew; its rules are damaged")
    return ok("reader", "mail is read and understood")
