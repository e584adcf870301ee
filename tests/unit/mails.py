"""ParsedMail and RawMessage values for the tests of trust and classify, each with the plainest contents."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from agent.model.address import AddressKey, parse_address
from agent.model.mail import Door, Headers, ParsedMail, RawMessage, Source

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def key(text: str) -> AddressKey:
    """The address, which must be one."""
    found = parse_address(text)
    assert found is not None, text
    return found


BUYER = key("ana@buyer.example")


def raw(head: str = "From: ana@buyer.example\r\n\r\n", **changes: Any) -> RawMessage:
    """A mail read over IMAP from the account `sales`."""
    source = Source(door=Door.IMAP, reference="imap:sales/INBOX/1/1", account="sales")
    plain = RawMessage(source=source, envelope_from=None, envelope_to=(), peer="", raw=head.encode(), received_at=NOW)
    return replace(plain, **changes)


def mail(*fields: tuple[str, str], **changes: Any) -> ParsedMail:
    """A mail of one buyer to our sales address; `fields` are header fields beside From."""
    plain = ParsedMail(
        headers=Headers(fields=(("From", "ana@buyer.example"), *fields)),
        subject="Re: Offer",
        sender=BUYER,
        to=(key("sales@exporter.example"),),
        return_path=None,
        message_id="<1@buyer.example>",
        text="",
        own_text="",
        language_hint="",
    )
    return replace(plain, **changes)
