"""The mailboxes: login, folder, whether mail is read as it comes, and whose word about senders stands in it."""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from agent.doctor import clocks
from agent.doctor.finding import Finding, Findings, broken, ok, warning
from agent.doctor.patient import Patient
from agent.intake.imap.connection import Selected
from agent.intake.imap.look import NEWEST, TIMING, Seen, look
from agent.intake.imap.progress import CLOCK_SLACK
from agent.intake.imap.trouble import ImapTrouble, Mistake, Worry
from agent.model.settings import ImapAccount
from agent.store import ledger
from agent.store.look import first_start

ROUNDS = 2  # of poll_seconds that a mail may wait
MENDS = {
    Worry.LOGIN: "the line says what this provider wants; then: optoutd setup",
    Worry.FOLDER: "write one of the folders it names into `folder`",
    Worry.HOST: "write the name of your provider's IMAP server into `host`",
    Worry.TLS: "check `host`: the certificate must be for this name; name that of a server of your own in `ca_file`",
    Worry.UNSAFE: 'write tls = "implicit" and port = 993',
    Worry.AFTER: 'write after = "leave"',
}


async def mailboxes(patient: Patient) -> Findings:
    """Every account, all at once."""
    return tuple(
        finding
        for findings in await asyncio.gather(*(_mailbox(patient, account) for account in patient.settings.imap))
        for finding in findings
    )


async def _mailbox(patient: Patient, account: ImapAccount) -> Findings:
    about = f"mailbox {account.name}"
    secret = patient.loaded.secrets.imap.get(account.name)
    if secret is None:
        return ()  # the configuration's line says so
    since = _since(patient, account)

    def known(folder: Selected, uids: Sequence[int]) -> Collection[int]:
        assert patient.db is not None
        return ledger.known_uids(patient.db, account.name, folder.name, folder.uidvalidity, uids)

    try:
        seen = await look(account, secret.reveal(), patient.now(), since=since, known=known, timing=TIMING)
    except Mistake as mistake:
        return (broken(about, mistake.text, MENDS[mistake.worry]),)
    except (ImapTrouble, OSError) as trouble:
        said = f"{account.host}:{account.port} cannot be used: {str(trouble) or type(trouble).__name__}"
        return (broken(about, said, "is the name right, and may this machine connect to it? Try again in a minute"),)
    return (
        ok(about, f"login and folder {account.folder} at {account.host}"),
        *(warning(about, doubt, "mail is read all the same; change the setting it names") for doubt in seen.doubts),
        *_unread(patient, account, seen),
        *judges(account, seen),
        *clocks.by_newest_mail(seen.newest_at, patient.now()),
    )


def _since(patient: Patient, account: ImapAccount) -> datetime | None:
    """From when on all mail should be known here; None before the first start."""
    started = first_start(patient.db, account.name, account.folder) if patient.db is not None else None
    if started is None:
        return None
    return account.since or started - CLOCK_SLACK


def _unread(patient: Patient, account: ImapAccount, seen: Seen) -> Findings:
    if not seen.unread or seen.unread_since is None:
        return ()
    patience = timedelta(seconds=ROUNDS * account.poll_seconds)
    if patient.now() - seen.unread_since < patience:
        return ()
    said = f"{seen.unread} mails lie unread, the oldest since {seen.unread_since:%Y-%m-%d %H:%M}"
    about = f"mailbox {account.name}"
    if patient.at_work:
        return (broken(about, said, "the daemon runs and does not read them; see its log: journalctl -u optoutd"),)
    return (warning(about, said, "start the daemon"),)


def judges(account: ImapAccount, seen: Seen) -> Findings:
    """Is the provider's word on each sender used? Anybody can write this header; only the receiving server's counts."""
    about, ids = f"mailbox {account.name}", Counter(one.by for one in seen.newest if one.by)
    configured = account.authserv_id.lower()
    if configured and seen.newest and configured not in ids:
        others = f"; they name {', '.join(sorted(ids))}" if ids else ""
        return (
            warning(about, f"none of the newest {len(seen.newest)} mails has Authentication-Results of "
                    f"{configured}{others}", "write the id that your provider uses into `authserv_id`, or empty it"),
        )  # fmt: skip
    if configured or not seen.judge:
        return ()
    return (_unused(about, seen.judge, ids[seen.judge]),)


def _unused(about: str, found: str, count: int) -> Finding:
    return warning(
        about, f"the newest {count} of up to {NEWEST} mails carry a check of senders by {found}; it is not used",
        f'if {found} is your provider, write authserv_id = "{found}": more people then get their confirmation',
    )  # fmt: skip
