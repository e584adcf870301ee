"""A letter reaches the relay as the one mail it is, from the right sender, and its fate becomes an Outcome."""

import email
import email.policy
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.effects.letter_files import read_letters
from agent.effects.relay import HandOver
from agent.effects.runner import Executors, Queue, run_due
from agent.effects.send_letter import (
    Desk,
    carry_out,
    envelope_recipient,
    envelope_sender,
    message_id,
    open_desk,
    reply_to,
)
from agent.model.address import AddressKey
from agent.model.mail import Purpose, Role, TokenText
from agent.model.plan import Done, GaveUp, Halt, LetterKind, Outcome, RetryAt, SendLetter, Tone, Unknown
from agent.model.settings import (
    Addresses,
    Identity,
    ImapAccount,
    LetterSettings,
    RelaySettings,
    Settings,
    SmtpSettings,
    TlsMode,
)
from agent.store import dossier
from agent.trust.tokens import KeyRing, parse_ring, verify
from tests.support.fake_relay import Deed, FakeRelay
from tests.unit.effects.conftest import START, Clock, Outbox, key, letter

RING = parse_ring("k:" + "5a" * 32)
TEXTS = read_letters()
SETTINGS = Settings(
    identity=Identity(
        company="Ours Ltd", postal_address="1 Road, Town", contact="us@ours.example", domains=("ours.example",)
    ),
    relay=RelaySettings(host="127.0.0.1", tls=TlsMode.NONE),
    addresses=Addresses(reply=("sales@ours.example",), unsubscribe=("leave@ours.example",)),
)
WITH_TOKENS = replace(SETTINGS, addresses=replace(SETTINGS.addresses, token_domain="t.ours.example"))


def desk(relay: FakeRelay | None = None, settings: Settings = SETTINGS, ring: KeyRing | None = RING) -> Desk:
    port = relay.port if relay else 25
    settings = replace(settings, relay=replace(settings.relay, port=port))
    return open_desk(settings, TEXTS, ring, lambda: START, lambda: 0.0)


async def marks_nothing(_: bytes) -> None:
    pass


async def send(
    relay: FakeRelay, wanted: SendLetter | None = None, attempts: int = 1, settings: Settings = SETTINGS
) -> Outcome:
    return await carry_out(wanted or letter(), attempts, marks_nothing, desk(relay, settings))


async def test_the_relay_gets_the_letter() -> None:  # hazard D9
    async with FakeRelay() as relay:
        outcome = await send(relay)
    assert outcome == Done(detail="250 2.0.0 queued as FAKE1")
    (mail,) = relay.mails
    assert mail.recipient == "RCPT TO:<Anna@example.com>"
    read = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert read["To"] == "Anna@example.com"
    assert read["Auto-Submitted"] == "auto-replied"
    assert read["Message-ID"] == message_id(letter(), SETTINGS, RING)
    assert read["Reply-To"] == "sales@ours.example"
    assert relay.commands[0] == "EHLO ours.example"


def test_the_message_id_of_a_letter_is_a_token() -> None:
    """An answer brings it back in its In-Reply-To; it proves which letter is answered, at any domain of ours."""
    for settings, domain in ((SETTINGS, "ours.example"), (WITH_TOKENS, "t.ours.example")):
        local, _, at = message_id(letter(), settings, RING).strip("<>").partition("@")
        found = verify(RING, token_text(local, at, "references"))
        assert at == domain
        assert found is not None
        assert (found.purpose, found.id) == (Purpose.REPLY, letter().token_id)
    assert message_id(letter(), SETTINGS, None) == f"<{letter().token_id}@ours.example>"


async def test_a_valued_contact_is_thanked() -> None:
    async with FakeRelay() as relay:
        await send(relay, replace(letter(), tone=Tone.HIGH_VALUE))
    assert b"trust you have placed in us" in relay.mails[0].content.replace(b"\r\n", b" ")


async def test_a_second_try_is_the_same_mail() -> None:  # hazard G1
    async with FakeRelay(script={".": ["451 4.3.0 later", "250 ok"]}) as relay:
        await send(relay)
        await send(relay, attempts=2)
    first, second = relay.offered
    assert first.content == second.content


@pytest.mark.parametrize(
    ("settings", "ring", "sender"),
    [
        (SETTINGS, None, ""),
        (SETTINGS, RING, ""),  # a ring alone has no domain to mint at
        (WITH_TOKENS, None, ""),
        (replace(SETTINGS, relay=RelaySettings(user="login@ours.example")), RING, "login@ours.example"),
        (replace(SETTINGS, relay=RelaySettings(user="login")), RING, ""),
        (replace(WITH_TOKENS, letters=LetterSettings(envelope_from="fix@ours.example")), RING, "fix@ours.example"),
        (replace(WITH_TOKENS, letters=LetterSettings(envelope_from="<>")), RING, ""),
    ],
)
def test_envelope_sender(settings: Settings, ring: KeyRing | None, sender: str) -> None:
    assert envelope_sender(letter(), settings, ring) == sender


def test_envelope_sender_is_a_token_of_ours() -> None:
    settings = replace(WITH_TOKENS, relay=RelaySettings(user="login@ours.example"))
    local, _, domain = envelope_sender(letter(), settings, RING).partition("@")
    assert domain == "t.ours.example"
    text = token_text(local, domain, "return-path")
    found = verify(RING, text)
    assert found is not None
    assert (found.purpose, found.id) == (Purpose.BOUNCE, letter().token_id)


def token_text(local: str, domain: str, place: str) -> TokenText:
    return TokenText(
        purpose=Purpose(local[0]), key_id=local[1], id=local[2:15], mac=local[15:], domain=domain, place=place
    )


@pytest.mark.parametrize(
    ("to", "recipient"),
    [
        (key("Anna.Lee+x@Example.COM"), "Anna.Lee+x@example.com"),
        (key(" <Anna@example.com> "), "Anna@example.com"),
        (key("anna@müller.example"), "anna@xn--mller-kva.example"),
        (key('"anna lee"@example.com'), '"anna lee"@example.com'),
        (AddressKey(local="anna", domain="example.com"), "anna@example.com"),
        (
            AddressKey(local="anna", domain="example.com", raw="Anna <anna@example.com>, eve@example.com"),
            "anna@example.com",
        ),
        (AddressKey(local="", domain="example.com", raw="@example.com"), None),
        (AddressKey(local="a>\r\nDATA", domain="example.com", raw=""), None),
        (AddressKey(local="a b", domain="example.com"), None),
        (AddressKey(local="anna", domain="example.com", raw="eve@example.com"), None),
        (AddressKey(local="anna", domain="exa mple"), None),
    ],
)
def test_envelope_recipient(to: AddressKey, recipient: str | None) -> None:  # hazard G8
    assert envelope_recipient(to) == recipient


async def test_a_quoted_recipient_arrives_whole() -> None:
    async with FakeRelay() as relay:
        await send(relay, letter('"anna, lee"@example.com'))
    assert relay.mails[0].recipient == 'RCPT TO:<"anna, lee"@example.com>'


@pytest.mark.parametrize(
    "wanted",
    [
        replace(letter(kind=LetterKind.TOPIC), list="news\r\nBcc: eve@example.com"),
        replace(letter(kind=LetterKind.TOPIC), list="news\u202eswen"),
        replace(letter(), to=AddressKey(local="anna\n", domain="example.com", raw="anna\n@example.com")),
        letter("анна@example.com"),
    ],
)
async def test_what_cannot_be_written_is_given_up(wanted: SendLetter) -> None:  # hazard G8
    async with FakeRelay() as relay:
        outcome = await send(relay, wanted)
    assert isinstance(outcome, GaveUp)
    assert relay.commands == []


async def test_threading_ids_bring_nothing_along() -> None:  # hazard G8
    wanted = replace(letter(), in_reply_to="<a@b>\r\nBcc: eve@example.com", references="<x@y>\nDATA")
    async with FakeRelay() as relay:
        await send(relay, wanted)
    assert b"Bcc" not in relay.mails[0].content


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ({"RCPT": "450 4.2.0 later"}, RetryAt),
        ({"CONNECT": Deed.DROP}, RetryAt),
        ({"RCPT": "550 5.1.1 unknown"}, GaveUp),
        ({".": Deed.DROP}, Unknown),
        ({"MAIL": "530 5.7.0 log in first"}, Halt),
    ],
)
async def test_outcomes(script: dict[str, str | Deed], kind: type[Outcome]) -> None:  # hazard G2, hazard G4
    async with FakeRelay(script=script) as relay:
        outcome = await send(relay)
    assert isinstance(outcome, kind)


async def test_waits_grow_with_the_attempts() -> None:  # hazard G3
    async with FakeRelay(script={"RCPT": "450 4.2.0 later"}) as relay:
        outcomes = [await send(relay, attempts=attempts) for attempts in (1, 3)]
    assert [o.when - START for o in outcomes if isinstance(o, RetryAt)] == [timedelta(minutes=5), timedelta(minutes=20)]


async def test_the_way_back_is_a_one_use_token_in_the_subject() -> None:
    async with FakeRelay() as relay:
        await send(relay, letter(kind=LetterKind.START_CONFIRM), settings=WITH_TOKENS)
    read = email.message_from_bytes(relay.mails[0].content, policy=email.policy.default)
    plain = read.get_body(("plain",))
    assert plain is not None
    body = plain.get_content()
    (word,) = {w for w in body.replace("%20", " ").split() if w.startswith("ck") and len(w) == 31}
    found = verify(RING, token_text(word, "t.ours.example", "subject"))
    assert found is not None
    assert found.purpose is Purpose.CONFIRM
    assert "sales@ours.example" in body


async def test_without_keys_there_is_no_way_back() -> None:
    async with FakeRelay() as relay:
        wanted = letter(kind=LetterKind.START_CONFIRM)
        outcome = await carry_out(wanted, 1, marks_nothing, desk(relay, ring=None))
    assert isinstance(outcome, GaveUp)
    assert relay.commands == []


@pytest.mark.parametrize("kind", LetterKind)
@pytest.mark.parametrize("language", ["en", "de", "ru", "zh-CN", "tlh", ""])
async def test_every_letter_can_be_sent(kind: LetterKind, language: str) -> None:
    wanted = replace(letter(kind=kind), language=language, list="news", until=START + timedelta(days=30))
    async with FakeRelay() as relay:
        assert isinstance(await send(relay, wanted, settings=WITH_TOKENS), Done)


async def test_the_configured_host_name_greets() -> None:
    settings = replace(SETTINGS, smtp=SmtpSettings(hostname="mx.ours.example"))
    async with FakeRelay() as relay:
        await send(relay, settings=settings)
    assert relay.commands[0] == "EHLO mx.ours.example"


async def test_a_recipients_domain_may_have_umlauts() -> None:
    async with FakeRelay() as relay:
        assert isinstance(await send(relay, letter("anna@müller.example")), Done)
    assert relay.mails[0].recipient == "RCPT TO:<anna@xn--mller-kva.example>"
    assert b"To: anna@xn--mller-kva.example\r\n" in relay.mails[0].content


async def test_our_own_domain_may_have_umlauts() -> None:
    settings = replace(
        SETTINGS, identity=replace(SETTINGS.identity, contact="us@müller.example"), addresses=Addresses()
    )
    async with FakeRelay() as relay:
        assert isinstance(await send(relay, settings=settings), Done)
    assert relay.commands[0] == "EHLO xn--mller-kva.example"
    assert b"us@xn--mller-kva.example" in relay.mails[0].content


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        (SETTINGS, "sales@ours.example"),
        (replace(SETTINGS, letters=LetterSettings(reply_to="start@ours.example")), "start@ours.example"),
        (replace(SETTINGS, addresses=Addresses(unsubscribe=("leave@ours.example",))), "us@ours.example"),
        (
            replace(
                SETTINGS,
                addresses=Addresses(),
                imap=(
                    ImapAccount(name="a", host="h", user="leave@ours.example", role=Role.UNSUBSCRIBE),
                    ImapAccount(name="b", host="h", user="inbox@ours.example"),
                ),
            ),
            "inbox@ours.example",
        ),
    ],
)
def test_answers_never_go_to_an_unsubscribe_address(settings: Settings, address: str) -> None:
    assert reply_to(settings) == address


async def test_the_store_keeps_the_very_bytes_that_the_relay_was_given(box: Outbox, clock: Clock) -> None:
    async with FakeRelay() as relay:
        writing = desk(relay)

        async def sends(wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
            return await carry_out(wanted, attempts, hand_over, writing)

        await box.add(letter())
        executors = Executors(send_letter=sends)
        await run_due(
            Queue(writer=box.writer, executors=executors, letters=LetterSettings(), clock=clock, chance=lambda: 0.0)
        )
    (kept,) = await box.writer.run(lambda db: dossier.letters(db, letter().to))
    assert kept.raw == relay.mails[0].content


@pytest.mark.parametrize(
    "script",
    [
        {},
        {"AUTH": "535 5.7.8 no: login@ours.example"},
        {"RCPT": "550 5.1.1 <Anna@example.com> unknown here"},
        {".": Deed.DROP},
        {"MAIL": "451 4.7.1 you said MAIL FROM:<bk%s@t.ours.example>"},
    ],
)
async def test_logs_hold_no_address_password_or_token(
    box: Outbox, clock: Clock, log: io.StringIO, script: dict[str, str | Deed]
) -> None:  # hazard J3
    login = replace(SETTINGS.relay, user="login@ours.example", password="canary-password")
    minted = letter().token_id
    script = {verb: reply.replace("%s", minted) if isinstance(reply, str) else reply for verb, reply in script.items()}
    async with FakeRelay(script=script) as relay:
        writing = desk(relay, replace(WITH_TOKENS, relay=login))

        async def sends(wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
            return await carry_out(wanted, attempts, hand_over, writing)

        await box.add(letter())
        executors = Executors(send_letter=sends)
        await run_due(
            Queue(writer=box.writer, executors=executors, letters=LetterSettings(), clock=clock, chance=lambda: 0.0)
        )
    assert "AUTH" in relay.verbs
    written = log.getvalue()
    assert [json.loads(line)["outbox"] for line in written.splitlines()] == [1]
    for canary in ("Anna", "login@", "canary-password", minted):
        assert canary not in written
