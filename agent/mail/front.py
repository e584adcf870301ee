"""Headers and what was read of the body to one ParsedMail; the daemon reads headers alone, where a token is proven."""

from collections.abc import Mapping

import msgspec

from agent.mail.addresses import addresses_of, single_sender
from agent.mail.automatic import automatic_marks
from agent.mail.content_key import content_key
from agent.mail.content_type import content_type
from agent.mail.defects import BLANK_RUN, MESSAGE_TOO_LARGE
from agent.mail.headers import Block, read_block
from agent.mail.language import language_hint
from agent.mail.thread import repeats_subject
from agent.mail.token import find_tokens, recipients_in
from agent.model.mail import ParsedMail, RawMessage
from agent.model.report import Arf, Dsn
from agent.model.settings import Limits

_BLANK_RUN = 2000
_BLANKS = tuple((blank * 2, blank * _BLANK_RUN) for blank in (b" ", b"\t"))
_Values = Mapping[str, list[str]]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of the body; all empty when only the headers were."""

    text: str = ""
    own_text: str = ""
    html: bool = False
    dsn: Dsn | None = None
    inner_dsn: Dsn | None = None
    arf: Arf | None = None
    other_report: str = ""
    original: Block | None = None
    defects: tuple[str, ...] = ()


HEADERS_ONLY = Content()


def read_front(message: RawMessage, limits: Limits) -> ParsedMail:
    """A ParsedMail from the bounded header block: no text, no report, never an exception."""
    raw = with_line_feeds(message.raw)
    return assemble(message, raw, read_block(raw, limits), HEADERS_ONLY, limits, prefixes=frozenset())


def with_line_feeds(raw: bytes) -> bytes:
    """The mail itself, or with LF where its only line ending is a bare CR."""
    return raw.replace(b"\r", b"\n") if b"\n" not in raw and b"\r" in raw else raw


def assemble(
    message: RawMessage,
    raw: bytes,
    block: Block,
    content: Content,
    limits: Limits,
    prefixes: frozenset[str],
) -> ParsedMail:
    """One value from the header block and the content; `prefixes` are those of a Subject that is repeated."""
    headers, wire, shown = block.headers, block.wire.by_name, block.headers.by_name
    return_path = _return_path(message, wire)
    subject = shown.get("subject", [""])[0]
    original = content.original
    return ParsedMail(
        headers=headers,
        subject=subject,
        subject_repeated=repeats_subject(subject, prefixes),
        sender=single_sender(wire.get("from", ())),
        to=addresses_of(recipients_in(wire, message.envelope_to)),
        return_path=return_path,
        message_id=wire.get("message-id", [""])[0],
        text=content.text,
        own_text=content.own_text,
        language_hint=language_hint(headers, content.own_text, subject, content.text),
        dsn=content.dsn,
        inner_dsn=content.inner_dsn,
        arf=content.arf,
        other_report=content.other_report,
        original=original.headers if original else None,
        original_raw=original.raw if original else b"",
        tokens=find_tokens(
            block.wire,
            message.envelope_to,
            return_path,
            envelope_ids=_envelope_ids(content),
            return_paths=(content.arf.original_mail_from,) if content.arf else (),
            original=original.wire if original else None,
        ),
        automatic=automatic_marks(headers, return_path, limits.received_hops),
        authentication=tuple(shown.get("authentication-results", ())),
        content_type=content_type(shown.get("content-type", [""])[0]),
        html=content.html,
        content_key=content_key(message.role, headers, raw, block.body_at),
        defects=(*block.defects, *_size_defects(raw, limits), *content.defects),
    )


def _return_path(message: RawMessage, wire: _Values) -> str | None:
    """The envelope sender; without one what the delivering server wrote down (RFC 5321 section 4.4)."""
    if message.envelope_from is not None:
        return message.envelope_from.strip().strip("<>")
    noted = wire.get("return-path")
    return noted[0].partition(">")[0].strip().lstrip("<").strip() if noted else None


def _envelope_ids(content: Content) -> tuple[str, ...]:
    return tuple(report.original_envelope_id for report in (content.dsn, content.arf) if report is not None)


def _size_defects(raw: bytes, limits: Limits) -> tuple[str, ...]:
    large = (MESSAGE_TOO_LARGE,) if len(raw) > limits.message_bytes else ()
    return (*large, BLANK_RUN) if _has_blank_run(raw, limits.message_bytes) else large


def _has_blank_run(raw: bytes, stop: int) -> bool:
    """A run holds two neighbours of every half of its length, which spares nearly every mail the whole search."""
    some = raw[: stop : _BLANK_RUN // 2]
    likely = [blanks for pair, blanks in _BLANKS if pair in some]
    return any(raw.find(blanks, 0, stop) >= 0 for blanks in likely) if likely else False
