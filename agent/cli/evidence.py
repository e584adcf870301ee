"""`optoutd evidence`: what proves that a request was honoured, in one file that can be handed on."""

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import click
import msgspec

from agent.cli.books import Mistake, address_of, opened
from agent.model.signal import Strength
from agent.obs.clock import utc_now
from agent.render.page import Part, page
from agent.store import dossier
from agent.store.dossier import Dossier, Letter, Mail, Proven

_LEAD = (
    "What is recorded of this address, each event with its place in the chain of all events. Each link is a SHA-256 "
    "over the one before it and the event. evidence.json holds the same in full, mails/ the mails as they came, "
    "letters/ ours as they went out."
)
_ENDS = {"done": "handed to the mail server", "gave_up": "given up", "unknown": "handed over, the answer was lost",
         "waiting": "not sent yet", "claimed": "being sent", "handed_over": "being sent"}  # fmt: skip
_STRENGTHS = {
    Strength.E0: "nobody's address",
    Strength.E1: "nothing proves who wrote it",
    Strength.E2: "the domain of the sender, or a reporter we trust, has signed it",
    Strength.E3: "proven by our own token, signature or relay, or said to us directly",
}


@click.command()
@click.argument("address")
@click.option("--output", "-o", required=True, metavar="FILE.zip", type=click.Path(path_type=Path, dir_okay=False),
              help="Where it goes; must not be there yet.")  # fmt: skip
@click.pass_context
def evidence(ctx: click.Context, address: str, output: Path) -> int:
    """Pack all that proves what was done with an address; exit 1 when nothing is known of it."""
    key, now = address_of(address), utc_now()
    target = _made(output)  # before root becomes the owner of the store, who may not write here
    done = False
    try:
        with os.fdopen(target, "wb") as opened_file:
            with opened(ctx) as books:
                found = dossier.collect(books.db, key, now)
            opened_file.write(_packed(found, now))
        done = True
    finally:
        if not done:
            with suppress(OSError):
                output.unlink()
    click.echo(f"{output}: {len(found.events)} events, {len(_mails(found))} mails, {len(found.letters)} letters")
    return 0 if found.events else 1


def _made(output: Path) -> int:
    try:
        return os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Mistake(f"{output}: cannot be made ({error.strerror})") from None


def _mails(found: Dossier) -> tuple[Mail, ...]:
    """Each once, though it may have led to several events; only those whose bytes are still kept."""
    mails = {one.mail.id: one.mail for one in found.events if one.mail is not None and one.mail.raw is not None}
    return tuple(mails.values())


def _packed(found: Dossier, now: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.html", page(f"{found.key}", _LEAD, tuple(_parts(found, now))))
        archive.writestr("evidence.json", msgspec.json.format(msgspec.json.encode(_raw(found, now)), indent=2))
        for mail in _mails(found):
            archive.writestr(f"mails/{mail.id}.eml", mail.raw or b"")
        for letter in found.letters:
            if letter.raw is not None:
                archive.writestr(f"letters/{letter.id}.eml", letter.raw)
    return packed.getvalue()


def _parts(found: Dossier, now: datetime) -> Iterator[Part]:
    against = "\n".join(
        f"{one.standing.state.value} ({one.standing.scope}) since {_time(one.standing.since)}: {one.standing.reason}"
        for one in found.against
    )
    yield Part(
        title="Now",
        rows=(
            ("Made at", _time(now)),
            ("May be mailed", "no" if found.against else "yes"),
            ("Because", against),
            ("Events in the record", f"{found.head.events}"),
            ("Hash of the last one", f"{found.head.last}: {found.head.hash}"),
        ),
    )
    yield from (_event_part(one) for one in found.events)
    yield from (_letter_part(one) for one in found.letters)


def _event_part(one: Proven) -> Part:
    event, mail = one.event, one.mail
    effective = "\n".join(
        f"{standing.state.value} ({standing.scope}) since {_time(standing.since)}"
        for state in event.after
        for standing in state.standings
    )
    return Part(
        title=f"Event {event.id}: {event.kind}",
        rows=(
            *(_mail_rows(mail) if mail else ()),
            ("Decided and in force", _time(event.at)),
            ("In its words", event.excerpt),
            ("Recognised by", event.rule),
            ("Authenticated", _authenticated(one)),
            ("Decision", f"{event.reason} (policy row {event.row}, by {event.by})"),
            ("In force since then", effective),
            ("Place in the chain", f"{one.link.events}: {one.link.hash}"),
        ),
    )


def _mail_rows(mail: Mail) -> tuple[tuple[str, str], ...]:
    kept = f"mails/{mail.id}.eml" if mail.raw is not None else "not kept any more"
    return (
        ("Received", _time(mail.received_at)),
        ("By", f"{mail.door} {mail.account} {mail.peer}".strip()),
        ("Return path", mail.envelope_from or ""),
        ("As received", f"{kept} ({mail.size} bytes)"),
    )


def _authenticated(one: Proven) -> str:
    event = one.event
    if event.by != "policy":
        return f"ordered by {event.by}"
    words = [f"{_STRENGTHS[event.strength]} ({event.strength.name})"]
    if event.has_token:
        words.append("it came with a token that was made for this person alone")
    return "; ".join(words)


def _letter_part(one: Letter) -> Part:
    return Part(
        title=f"Our letter {one.id}: {one.kind}",
        rows=(
            ("Planned", _time(one.planned_at)),
            ("Outcome", _ENDS.get(one.status, one.status)),
            ("Handed over", _time(one.handed_over_at)),
            ("Ended", _time(one.finished_at)),
            ("The server said", one.detail),
            ("Attempts", f"{one.attempts}"),
            *_words_of(one),
        ),
    )


def _words_of(one: Letter) -> tuple[tuple[str, str], ...]:
    if one.raw is None:
        return (("As sent", "nothing was sent, or it is not kept any more"),)
    mail = message_from_bytes(one.raw, policy=default)
    assert isinstance(mail, EmailMessage)  # of this policy
    words = mail.get_body(("plain",))
    return (
        ("As sent", f"letters/{one.id}.eml ({len(one.raw)} bytes)"),
        *((name, str(mail[name] or "")) for name in ("From", "To", "Date", "Subject", "Message-ID")),
        ("It said", str(words.get_content()).strip() if words else ""),
    )


def _raw(found: Dossier, now: datetime) -> dict[str, object]:
    mails = {one.mail.id: one.mail for one in found.events if one.mail is not None}
    return {
        "address": str(found.key),
        "made_at": now,
        "against": found.against,
        "chain": found.head,
        "events": [_event_raw(one) for one in found.events],
        "mails": [_without_bytes(mail) for mail in mails.values()],
        "letters": [_letter_raw(one) for one in found.letters],
    }


def _event_raw(one: Proven) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(one.event)
    return plain | {"signal": msgspec.Raw(one.event.signal.encode()), "place": one.link.events, "hash": one.link.hash}


def _without_bytes(one: Mail | Letter) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(one)
    return {name: value for name, value in plain.items() if name != "raw"} | {"kept": one.raw is not None}


def _letter_raw(letter: Letter) -> dict[str, object]:
    return _without_bytes(letter) | {"effect": msgspec.Raw(letter.effect.encode())}


def _time(when: datetime | None) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S UTC") if when else ""
