"""The store from inside: does it open, does the public list say the same, and what waits for a person?"""

import asyncio
from datetime import timedelta

from agent.doctor.finding import Finding, Findings, broken, ok, warning
from agent.doctor.patient import Patient
from agent.doctor.places import map_in_use
from agent.store import checked, look, sent
from agent.store.errors import StoreError
from agent.store.key_file import key_path, read_keys
from agent.store.look import Letters, Overview, Queue
from agent.store.public import differences
from agent.trust.tokens import parse_ring, vectors

PUBLISH_SECONDS = 2.0  # the list follows a commit at once; a difference that outlives this is none of timing
LONG = timedelta(hours=1)
OVERDUE = timedelta(days=15)  # twice the time between two checks


def store(patient: Patient) -> Findings:
    """It opens and can be written."""
    if patient.store_fault:
        mend = "start the daemon once, it brings the store up to date" if "has schema" in patient.store_fault else (
            "the line says what is wrong; a damaged file is taken from the last backup"
        )  # fmt: skip
        return (broken("store", patient.store_fault, mend),)
    if patient.db is None:
        return ()
    try:
        with patient.db.transaction():
            pass
    except StoreError as error:
        return (broken("store", str(error), "see who holds it: sudo fuser -v " + str(patient.db.path)),)
    return (ok("store", f"{patient.db.path} opens"),)


def daemon(patient: Patient) -> Findings:
    """Is anybody at work?"""
    start = "start it: sudo systemctl start optoutd, or: optoutd run"
    if patient.at_work:
        return (ok("daemon", "it is running"),)
    if patient.db is None:
        return (ok("daemon", "it was never started", start),)
    return (warning("daemon", "it is not running: nothing is read and nobody is answered", start),)


async def public_list(patient: Patient) -> Findings:
    """The list says what the store says."""
    if patient.public_fault:
        return (broken("list", patient.public_fault, "optoutd rebuild"),)
    if patient.db is None:
        return (ok("list", f"{patient.settings.store.public_directory}/suppression.db is made at the first start"),)
    if patient.public is None:
        return (warning("list", "suppression.db is missing", "optoutd rebuild"),)
    try:
        wrong = differences(patient.db, patient.public, patient.now())
        if wrong:
            await asyncio.sleep(PUBLISH_SECONDS)
            wrong = differences(patient.db, patient.public, patient.now())
    except StoreError as error:
        return (broken("list", str(error), "optoutd rebuild"),)
    if wrong:
        return (broken("list", f"{wrong} rows of suppression.db are not what was decided", "optoutd rebuild"),)
    return (ok("list", "suppression.db says what was decided"),)


def record(patient: Patient) -> Findings:
    """Was the whole record found to be as it was written, and lately?"""
    if patient.db is None:
        return ()
    seen = checked.last(patient.db)
    if seen is None:
        return (ok("record", "not checked yet: the daemon does it every week, and `optoutd verify` at once"),)
    when = f"{seen.at:%Y-%m-%d %H:%M} UTC"
    if seen.faults:
        mend = "see them: optoutd verify; what is damaged is taken from the last backup: docs/how-to/backup.md"
        return (broken("record", f"the check of {when} found {seen.faults} faults", mend),)
    if patient.at_work and patient.now() - seen.at > OVERDUE:
        return (warning("record", f"it was last checked {when}", "see why in the log, and run: optoutd verify"),)
    return (ok("record", f"was found whole {when}"),)


def token_keys(patient: Patient) -> Findings:
    """The keys are there, and are those that earlier mail was sent with."""
    path = key_path(patient.settings)
    if not path.exists():
        used = patient.db is not None and look.keys_known(patient.db)
        mend = f"bring {path} back from the backup: without it no unsubscribe link in old mail is known"
        return (broken("keys", f"{path} is gone", mend),) if used else ()
    try:
        ring = parse_ring(read_keys(patient.settings))
        if patient.db is not None:
            with patient.db.transaction(), patient.db.rehearsal():
                sent.check_vectors(patient.db, vectors(ring))
    except (StoreError, ValueError) as error:
        said = str(error) if str(path) in str(error) else f"{path}: {error}"
        return (broken("keys", said, "bring back the old key file"),)
    return (ok("keys", f"{path} is the one that signed", "keep a copy of it away from this machine"),)


def waiting(patient: Patient) -> Findings:
    """What waits for a person, and letters that do not leave."""
    if patient.db is None:
        return ()
    now = patient.now()
    seen = look.overview(patient.db, now, now)
    found = (
        *_unread(patient, seen),
        *_several("quarantine", seen.quarantined, "mails were set aside unread", "optoutd quarantine list"),
        *_several("review", seen.reviews.count, "mails wait for you to decide", "optoutd review"),
        *_tickets(patient, seen.tickets),
        *_letters(patient, seen.letters),
        *(warning("breaker", f"a flood is being held back: {batch}", "optoutd status; then lift or let it stand")
          for batch in seen.breakers),
    )  # fmt: skip
    return found or (ok("waiting", "nothing waits for you"),)


def own_people(patient: Patient) -> Findings:
    """Our own addresses are spared; a surprising number shows that identity.domains is too wide."""
    if patient.db is None:
        return ()
    count = look.own_people(patient.db)
    return (ok("own people", f"{count} of your own addresses asked to leave or bounced; they are never suppressed"),)


def erased_people(patient: Patient) -> Findings:
    """A map cannot show people of whom only a hash is kept."""
    if patient.public is None or patient.db is None or not look.erased_people(patient.db):
        return ()
    if not map_in_use(patient.public.file.path):
        return (ok("erased", "some people are kept as a hash alone; `check` and `scrub` know them"),)
    return (
        warning("erased", "people whose data was erased are not in the map that Postfix reads",
                "pass each list through `optoutd scrub` before it is mailed"),
    )  # fmt: skip


def _unread(patient: Patient, seen: Overview) -> Findings:
    first = seen.unread.first
    if first is None or patient.now() - first < LONG or not patient.at_work:
        return ()
    mend = "see the log: journalctl -u optoutd"
    return (broken("inbox", f"{seen.unread.count} stored mails have not been understood for over an hour", mend),)


def _several(about: str, count: int, what: str, mend: str) -> Findings:
    return (warning(about, f"{count} {what}", mend),) if count else ()


def _tickets(patient: Patient, tickets: Queue) -> Findings:
    if not tickets.count:
        return ()
    late = tickets.first is not None and tickets.first < patient.now()
    said = f"{tickets.count} tasks wait for you" + (", one of them past the time the law gives" if late else "")
    return ((broken if late else warning)("tickets", said, "optoutd tickets list"),)


def _letters(patient: Patient, letters: Letters) -> Findings:
    found: list[Finding] = []
    unknown = letters.by_status.get("unknown", 0)
    if unknown:
        said = f"{unknown} letters may or may not have arrived: the relay fell silent after taking them"
        found.append(warning("letters", said, "none is sent twice; write to the person yourself if it matters"))
    if letters.oldest is not None and patient.now() - letters.oldest > LONG:
        why = f": {letters.oldest_why}" if letters.oldest_why else ""
        found.append(warning("letters", f"{letters.waiting} letters wait since {letters.oldest:%Y-%m-%d %H:%M}{why}",
                             "see the line about the relay"))  # fmt: skip
    return tuple(found)
