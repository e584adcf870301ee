"""`optoutd classify`: what mails mean, one JSON object or line each; needs no configuration and changes nothing."""

import os
import sys
from datetime import datetime

import click
import msgspec

from agent.intake.files import MailFile, mails
from agent.model.mail import Door, RawMessage, Source
from agent.model.signal import (
    AutoReply,
    Bounce,
    Complaint,
    OptOut,
    Preference,
    Signal,
    kind_of,
)  # fmt: skip
from agent.obs.clock import utc_now
from agent.worker.kit import load_kit
from agent.worker.read import ReadingKit, read


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a mail.")
def classify(paths: tuple[str, ...], as_json: bool) -> None:
    """Say what mails mean: files or folders, .eml, Maildir or mbox."""
    kit = load_kit(None, None)
    encoder = msgspec.json.Encoder()
    for path in paths:
        for mail in mails(path):
            row = row_of(mail, kit)
            if as_json:
                sys.stdout.buffer.write(encoder.encode(row) + b"\n")
            else:
                click.echo(line_of(row))


def row_of(mail: MailFile, kit: ReadingKit) -> dict[str, object]:
    """The object `--json` prints for one mail (docs/reference/commands.md)."""
    name = os.fsencode(mail.name).decode("utf-8", "backslashreplace")  # JSON knows no other bytes
    if mail.error:
        return {"file": name, "error": mail.error}
    reading = read(message_of(mail), kit)
    return {
        "file": name,
        "kind": reading.kind,
        "signals": [signal_row(signal) for signal in reading.signals],
        "language": reading.language,
        "automatic": reading.automatic,
        "defects": list(reading.defects),
    }


def line_of(row: dict[str, object]) -> str:
    """The same for a person: kind, address, rule."""
    if "error" in row:
        return f"{row['file']}: cannot be read: {row['error']}"
    signals = row["signals"]
    assert isinstance(signals, list)
    said = "; ".join(f"{s['address'] or '?'} by {s['rule']}" for s in signals)
    return f"{row['file']}: {row['kind']}{': ' + said if said else ''}"


def message_of(mail: MailFile) -> RawMessage:
    """One mail of a file as a door would hand it on."""
    return RawMessage(
        source=Source(door=Door.FILES, reference=f"file:{mail.name}"), envelope_from=None, envelope_to=(), peer="",
        raw=mail.raw, received_at=utc_now(),
    )  # fmt: skip


def signal_row(signal: Signal) -> dict[str, object]:
    """One signal in the words of the contract (DESIGN section 3)."""
    common: dict[str, object] = {
        "type": kind_of(signal),
        "address": str(signal.address) if signal.address else None,
        "rule": signal.evidence.rule,
        "excerpt": signal.evidence.excerpt,
        "confidence": signal.evidence.confidence.value,
    }
    return common | _own_fields(signal)


def _own_fields(signal: Signal) -> dict[str, object]:
    match signal:
        case Bounce():
            return {
                "status": signal.status or None, "hard": signal.hard, "reason": signal.reason.value,
                "diagnostic": signal.diagnostic,
            }  # fmt: skip
        case Complaint():
            return {"feedback_type": signal.feedback_type}
        case OptOut():
            return {"scope": signal.scope, "reason": signal.reason.value if signal.reason else None}
        case Preference():
            return {
                "scope": signal.scope, "reason": signal.reason.value if signal.reason else None,
                "until": _time(signal.until), "interval": signal.interval_days,
            }  # fmt: skip
        case AutoReply():
            return {"until": _time(signal.until)}
        case _:
            return {}


def _time(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
