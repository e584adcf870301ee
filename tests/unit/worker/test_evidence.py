"""The matrix of proofs, from the bytes of a mail to the strength of its signals: a proof decides how much is believed,
never whether a wish to leave is heard.
"""

from dataclasses import replace

import pytest

from agent.model.dkim import KeyAnswer, KeyState
from agent.model.mail import Door, Purpose, RawMessage, Source
from agent.model.reading import Reading
from agent.model.settings import Addresses, Identity, ImapAccount, Settings, SmtpSettings
from agent.model.signal import Bounce, Complaint, OptOut, Resubscribe, Strength
from agent.trust.tokens import KeyRing, mint, new_key_line, token_id
from agent.worker.kit import load_kit
from agent.worker.read import ReadingKit, read
from agent.worker.reader import Reader
from tests.unit.mails import NOW, key
from tests.unit.trust.signing import ALL_FIELDS, ed25519
from tests.unit.trust.test_dkim_own import OURS, returned
from tests.unit.worker.test_read import resident_megabytes

RING = KeyRing(keys=(("k", bytes(32)),))
DOMAIN = "news.exporter.example"
SETTINGS = Settings(
    identity=Identity(
        company="Example Exports", postal_address="1 Road", contact="a@exporter.example", domains=("exporter.example",)
    ),
    addresses=Addresses(
        unsubscribe=(f"unsubscribe@{DOMAIN}",), reply=("sales@exporter.example",), complaint=(f"fbl@{DOMAIN}",),
        bounce=(f"bounce@{DOMAIN}",), token_domain=DOMAIN,
    ),
    smtp=SmtpSettings(trusted_relays=("127.0.0.1", "mx.exporter.example")),
    imap=(ImapAccount(name="sales", host="imap.example", user="u"),),
)  # fmt: skip
BUYER = ed25519()
GOOD = (BUYER.answer(),)
E1, E2, E3 = Strength.E1, Strength.E2, Strength.E3
REPORT = (
    "From: MAILER-DAEMON@mx.exporter.example\r\nTo: {to}\r\nSubject: Undelivered\r\nMessage-ID: <d@mx>\r\n"
    "Date: Mon, 02 Mar 2026 08:59:00 +0000\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.exporter.example\r\n\r\n"
    "Final-Recipient: rfc822; bob@buyer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n"
    "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{original}\r\n--b--\r\n"
)


@pytest.fixture(scope="module")
def kit() -> ReadingKit:
    return load_kit(SETTINGS, RING, (OURS.answer(),))


def by_smtp(raw: bytes, to: str, **changes: object) -> RawMessage:
    message = RawMessage(
        source=Source(door=Door.SMTP, reference="smtp:1"), envelope_from="ana@buyer.example", envelope_to=(to,),
        peer="127.0.0.1", raw=raw, received_at=NOW,
    )  # fmt: skip
    return replace(message, **changes)  # type: ignore[arg-type]


def wish(text: str = "STOP", to: str = "sales@exporter.example", sender: str = "ana@buyer.example") -> bytes:
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: Re: Offer\r\nMessage-ID: <1@buyer.example>\r\n"
        f"Date: Mon, 02 Mar 2026 08:59:00 +0000\r\n\r\n{text}\r\n"
    ).encode()


def token_address(purpose: Purpose, number: int = 1) -> str:
    return f"{mint(RING, purpose, token_id(bytes([number]) * 8), DOMAIN)}@{DOMAIN}"


def only(reading: Reading) -> object:
    (signal,) = reading.signals
    return signal


PROOFS: dict[str, tuple[tuple[KeyAnswer, ...], Strength]] = {
    "good signature": (GOOD, E2),
    "no key": ((BUYER.answer(state=KeyState.NONE, txt=b""),), E1),
    "the dns is silent": ((BUYER.answer(state=KeyState.TEMPERROR, txt=b""),), E1),
    "not looked up": ((), E1),
    "another key": ((replace(BUYER, record=OURS.record.replace(b"p=", b"p=A")).answer(),), E1),
}


@pytest.mark.parametrize("proof", PROOFS)
@pytest.mark.parametrize("to", ["sales@exporter.example", f"unsubscribe@{DOMAIN}", "token"])
def test_every_wish_to_leave_is_heard_and_the_proof_is_written_beside_it(
    kit: ReadingKit, proof: str, to: str
) -> None:  # fmt: skip
    # hazard D3
    keys, strength = PROOFS[proof]
    address = token_address(Purpose.UNSUBSCRIBE) if to == "token" else to
    signal = only(read(by_smtp(BUYER.sign(wish(to=address)), address), kit, keys))
    assert isinstance(signal, OptOut)
    assert signal.address == key("ana@buyer.example")
    assert signal.evidence.strength is (E3 if to == "token" else strength)
    assert signal.evidence.authenticated is (strength is E2)


def test_what_was_changed_on_the_way_proves_nothing(kit: ReadingKit) -> None:
    # hazard D3
    forged = BUYER.sign(wish("Please send a quote.")).replace(b"Please send a quote.", b"STOP")
    signal = only(read(by_smtp(forged, "sales@exporter.example"), kit, GOOD))
    assert isinstance(signal, OptOut)
    assert signal.evidence.strength is E1


def test_a_token_names_its_person_whoever_writes(kit: ReadingKit) -> None:
    # hazard D15: from an alias; the send log says whom the token was minted for
    address = token_address(Purpose.UNSUBSCRIBE)
    signal = only(read(by_smtp(wish(to=address, sender="ana@private.example"), address), kit))
    assert isinstance(signal, OptOut)
    assert signal.evidence.token is not None
    assert signal.evidence.token.id == token_id(b"\1" * 8)


def test_a_bounce_token_is_no_unsubscribe_token(kit: ReadingKit) -> None:
    # hazard D2
    address = token_address(Purpose.BOUNCE)
    swapped = "u" + address[1:]
    for to in (address, swapped):
        for signal in read(by_smtp(wish("Hello", to=to), to), kit).signals:
            assert signal.evidence.token is None
            assert signal.evidence.strength is E1


@pytest.mark.parametrize(("keys", "strength"), [(GOOD, E2), ((), E1)])
def test_start_is_as_strong_as_its_sender(kit: ReadingKit, keys: tuple[KeyAnswer, ...], strength: Strength) -> None:
    # hazard D5
    signal = only(read(by_smtp(BUYER.sign(wish("START")), "sales@exporter.example"), kit, keys))
    assert isinstance(signal, Resubscribe)
    assert signal.evidence.strength is strength
    assert not signal.confirmed


LOCAL = "Received: by mx.exporter.example (Postfix) id 4F1; Mon, 02 Mar 2026 08:59:00 +0000\r\n"
STRANGER = "Received: from evil (evil.example [198.51.100.6]) by mx.exporter.example (Postfix) with ESMTP id 1\r\n"
FORGED_ORIGINAL = "From: sales@exporter.example\r\nTo: bob@buyer.example\r\nMessage-ID: <9@exporter.example>\r\n"


@pytest.mark.parametrize(
    ("trace", "to", "original", "strength"),
    [
        (STRANGER, f"bounce@{DOMAIN}", FORGED_ORIGINAL, E1),
        (STRANGER, f"b{'k' * 30}@{DOMAIN}", FORGED_ORIGINAL, E1),
        (STRANGER + LOCAL, f"bounce@{DOMAIN}", FORGED_ORIGINAL, E1),
        ("", f"bounce@{DOMAIN}", FORGED_ORIGINAL, E1),
        (LOCAL, f"bounce@{DOMAIN}", FORGED_ORIGINAL, E3),
        (STRANGER, token_address(Purpose.BOUNCE), FORGED_ORIGINAL, E3),
        (STRANGER, f"bounce@{DOMAIN}", "our signature", E3),
        (STRANGER, f"bounce@{DOMAIN}", "our signature, to somebody else", E1),
    ],
)
def test_a_bounce_is_as_strong_as_what_came_back(
    kit: ReadingKit, trace: str, to: str, original: str, strength: Strength
) -> None:
    # hazard D1
    if original.startswith("our signature"):
        signed = returned().decode()
        original = signed if original == "our signature" else signed.replace("Bob <bob@", "Eve <eve@")
    raw = (trace + REPORT.format(to=to, original=original)).encode()
    signal = only(read(by_smtp(raw, to, envelope_from=""), kit))
    assert isinstance(signal, Bounce)
    assert signal.evidence.strength is strength
    assert signal.own_signature is (strength is E3 and trace == STRANGER and to == f"bounce@{DOMAIN}")


def test_a_forged_report_in_the_words_of_our_relay_is_not_believed_without_its_form(kit: ReadingKit) -> None:
    # hazard D1: only Final-Recipient of a report counts
    raw = (LOCAL + REPORT.format(to=f"bounce@{DOMAIN}", original=FORGED_ORIGINAL)).encode()
    signal = only(read(by_smtp(raw, f"bounce@{DOMAIN}", envelope_from="eve@evil.example"), kit))
    assert isinstance(signal, Bounce)
    assert signal.evidence.strength is E1


@pytest.mark.parametrize(
    ("domain", "keys", "verified"),
    [
        ("arf.mail.yahoo.com", True, True),
        ("arf.mail.yahoo.com", False, False),
        ("buyer.example", True, False),
    ],
)
def test_a_complaint_counts_when_a_known_reporter_signed_it(
    kit: ReadingKit, domain: str, keys: bool, verified: bool
) -> None:  # fmt: skip
    # hazard D4
    signer = replace(BUYER, domain=domain.encode())
    report = (
        f"From: feedback@{domain}\r\nTo: fbl@{DOMAIN}\r\nSubject: Complaint\r\nMessage-ID: <c@{domain}>\r\n"
        "Date: Mon, 02 Mar 2026 08:59:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n"
        "User-Agent: x/1\r\nOriginal-Rcpt-To: bob@buyer.example\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: New nets\r\nMessage-ID: <9@exporter.example>\r\n\r\n"
        "--b--\r\n"
    ).encode()
    signed = by_smtp(signer.sign(report, ALL_FIELDS), f"fbl@{DOMAIN}")
    signal = only(read(signed, kit, (signer.answer(),) if keys else ()))
    assert isinstance(signal, Complaint)
    assert signal.verified_reporter is verified
    assert signal.evidence.strength is (E2 if verified else E1)


async def test_the_reader_process_finds_the_same_within_its_memory(kit: ReadingKit) -> None:
    reader = Reader(SETTINGS, new_key_line("k", bytes(32)), (OURS.answer(),))
    signed = by_smtp(BUYER.sign(wish()), "sales@exporter.example")
    report = REPORT.format(to=f"bounce@{DOMAIN}", original=returned().decode()).encode()
    bounced = by_smtp(report, f"bounce@{DOMAIN}", envelope_from="")
    assert await reader.read(signed, GOOD) == read(signed, kit, GOOD)
    assert await reader.read(bounced) == read(bounced, kit)
    assert resident_megabytes(reader) <= 120
    await reader.stop()
