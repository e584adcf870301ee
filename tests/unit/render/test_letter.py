"""A letter as bytes: its marks, its bounds, and that nothing of the incoming mail breaks out of its place."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model.address import parse_address
from agent.model.plan import LetterKind, SendLetter
from agent.render.letter import MAX_OCTETS, LetterFacts, compose

TO = parse_address("Ana@buyer.example")
assert TO is not None
LETTER = SendLetter(
    dedupe_key="opt_out:ana@buyer.example:1",
    to=TO,
    kind=LetterKind.OPT_OUT,
    language="ru",
    token_id="a" * 13,
    in_reply_to="<incoming@buyer.example>",
    references="<first@exporter.example>",
)
FACTS = LetterFacts(
    company="Example Export",
    postal_address="1 Harbour Road, Exampleton",
    contact="sales@exporter.example",
    from_address="news@exporter.example",
    reply_to="reply@exporter.example",
    message_id="<letter-1@exporter.example>",
    date=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    language="en",
    confirm_address="reply@exporter.example",
    confirm_subject="START caabc",
)
TEMPLATE = "Subject: You are off\n\nDear {address},\n\n{start_word}\n\n{company}\n{postal_address}\n{contact}\n"


def head(raw: bytes) -> str:
    return raw.partition(b"\r\n\r\n")[0].decode("ascii")


def read(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    return mail


def part(raw: bytes, kind: str) -> str:
    body = read(raw).get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_headers() -> None:
    """RFC 3834 sections 3.1 and 5, and the mark by which we know our own letter."""
    raw = compose(LETTER, TEMPLATE, FACTS)
    assert head(raw).split("\r\n") == [
        'From: "Example Export"',
        " <news@exporter.example>",
        "To: Ana@buyer.example",
        "Reply-To: reply@exporter.example",
        "Subject: You are off",
        "Date: Mon, 02 Mar 2026 09:00:00 +0000",
        "Message-ID: <letter-1@exporter.example>",
        "In-Reply-To: <incoming@buyer.example>",
        "References: <first@exporter.example>",
        " <incoming@buyer.example>",
        "Auto-Submitted: auto-replied",
        "X-Auto-Response-Suppress: All",
        "X-Optoutd-Letter: 1",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="=_aaaaaaaaaaaaa"',
        "Content-Language: en",
    ]
    assert compose(LETTER, TEMPLATE, FACTS) == raw
    assert compose(LETTER, TEMPLATE.replace("\n", "\r\n"), FACTS) == raw


TEXTS = ["Zażółć gęślą jaźń: " * 8, "您已成功退订。" * 20, "Écrit en français, été comme hiver"]


@pytest.mark.parametrize("text", TEXTS)
def test_other_scripts_come_back_as_they_went(text: str) -> None:
    facts = replace(FACTS, company=f"{text[:60]} Ltd", from_name="")
    template = f"Subject: {text}\n\n{text}\n{{company}}\n"
    raw = compose(LETTER, template, facts)
    mail = message_from_bytes(raw, policy=default)
    assert mail["Subject"] == text.strip()
    sender = message_from_bytes(raw)["From"]  # RFC 2047 by hand: the parser of 3.11 puts spaces between long words
    assert str(make_header(decode_header(sender))) == f"{facts.company} <news@exporter.example>"
    assert part(raw, "plain") == f"{text}\n{facts.company}\n"
    assert text.strip() in part(raw, "html")
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert raw.isascii()


def test_lone_line_feeds_never_leave() -> None:
    for template in (TEMPLATE, TEMPLATE.replace("Dear", "您好"), TEMPLATE + "é" * 500):
        raw = compose(LETTER, template, FACTS)
        assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")


BREAKERS = ["x\r\nBcc: all@victim.example", "x\nX: y", "x\ry", "x\x00y", "x\x1by", "x\u2028y", "x\x85y", "x\u202ey"]


@pytest.mark.parametrize("value", BREAKERS)
@pytest.mark.parametrize("name", [field.name for field in fields(LetterFacts) if field.name != "date"])
def test_no_value_breaks_a_line(name: str, value: str) -> None:  # hazard G8
    letter = replace(LETTER, kind=LetterKind.START_CONFIRM)
    with pytest.raises(ValueError):
        compose(letter, TEMPLATE, replace(FACTS, **{name: value}))  # type: ignore[arg-type]  # only text fields


@pytest.mark.parametrize("value", BREAKERS)
def test_no_value_of_the_request_breaks_a_line(value: str) -> None:  # hazard G8
    with pytest.raises(ValueError):
        compose(replace(LETTER, list=value), TEMPLATE, FACTS)
    with pytest.raises(ValueError):
        compose(replace(LETTER, to=replace(LETTER.to, raw=f"{value}@buyer.example")), TEMPLATE, FACTS)


@given(st.text(max_size=400), st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_only_well_formed_ids_come_back(message_id: str, references: str) -> None:  # hazard D11
    """Whatever an attacker writes there: no new header field, and nothing but ids."""
    raw = compose(replace(LETTER, in_reply_to=message_id, references=references), TEMPLATE, FACTS)
    quiet = compose(replace(LETTER, in_reply_to="", references=""), TEMPLATE, FACTS)
    more = head(raw).replace("\r\n ", " ").split("\r\n")
    extra = [line for line in more if line not in head(quiet).replace("\r\n ", " ").split("\r\n")]
    assert all(re.fullmatch(r"(In-Reply-To|References):( <[^<>\s]+@[^<>\s]+>)+", line) for line in extra)


def test_threads_are_bounded() -> None:  # hazard D11
    long = " ".join(f"<{n:04}@{'x' * 60}.example>" for n in range(500))
    raw = compose(replace(LETTER, references=long), TEMPLATE, FACTS)
    mail = message_from_bytes(raw, policy=default)
    ids = mail["References"].split()
    assert ids[-1] == "<incoming@buyer.example>"
    assert ids[:-1] == long.split()[-len(ids) + 1 :]
    assert sum(map(len, ids)) < 600
    huge = replace(LETTER, in_reply_to=f"<{'x' * 120}@{'y' * 120}>", references=f"<{'x' * 300}@y>")
    assert "In-Reply-To" not in head(compose(huge, TEMPLATE, FACTS))


def test_values_bring_no_placeholders_of_their_own() -> None:  # hazard D11
    raw = compose(LETTER, TEMPLATE, replace(FACTS, company="{contact} {x}"))
    assert b"{contact} {x}" in raw


@pytest.mark.parametrize(
    "template", ["Subject: x\n\n{list}", "Subject: x\n\n{nobody}", "Subject: x\n\n{", "Subject: x\n\n{until}"]
)
def test_a_placeholder_without_a_value_is_an_error(template: str) -> None:
    with pytest.raises(ValueError, match="placeholder"):
        compose(LETTER, template, FACTS)


def test_the_list_and_the_end_are_told() -> None:
    letter = replace(LETTER, list="news", until=datetime(2026, 5, 1, 23, 0, tzinfo=UTC))
    assert b"news, 2026-05-01" in compose(letter, "Subject: x\n\n{list}, {until}", FACTS)


def test_too_long_a_letter_is_an_error() -> None:
    with pytest.raises(ValueError, match="octets"):
        compose(LETTER, TEMPLATE + "x" * MAX_OCTETS, FACTS)


def test_an_address_beyond_ascii_needs_a_domain_as_a_label() -> None:
    idn = parse_address("ana@bücher.example")
    assert idn is not None
    assert "To: ana@xn--bcher-kva.example" in head(compose(replace(LETTER, to=idn), TEMPLATE, FACTS))
    local = parse_address("jürgen@buyer.example")
    assert local is not None
    with pytest.raises(ValueError, match="plain header"):
        compose(replace(LETTER, to=local), TEMPLATE, FACTS)


def test_the_confirm_link_carries_the_subject() -> None:
    """RFC 6068: percent-encoded, so that no part of it can add a field to the prepared mail."""
    letter = replace(LETTER, kind=LetterKind.START_CONFIRM)
    template = "Subject: x\n\n{confirm_link}\n{confirm_address}\n{confirm_subject}"
    facts = replace(FACTS, confirm_subject="START c&body=x@t.example")
    body = part(compose(letter, template, facts), "plain")
    link = body.splitlines()[0]
    assert link == "mailto:reply@exporter.example?subject=START%20c%26body%3Dx%40t.example"
    assert unquote(link).endswith(facts.confirm_subject)
    with pytest.raises(ValueError, match="confirm_link"):
        compose(letter, template, replace(FACTS, confirm_subject=""))


def test_a_quoted_name_stays_a_name() -> None:
    raw = compose(LETTER, TEMPLATE, replace(FACTS, from_name='Ex"port\\ <a@b.example>'))
    mailbox = message_from_bytes(raw, policy=default)["From"].addresses[0]
    assert (mailbox.display_name, mailbox.addr_spec) == ('Ex"port\\ <a@b.example>', "news@exporter.example")


def test_both_parts_say_the_same_and_the_plain_one_comes_first() -> None:
    """RFC 2046 section 5.1.4: the last part is the one a client prefers."""
    mail = read(compose(LETTER, TEMPLATE, FACTS))
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_boundary_that_the_text_holds_is_an_error() -> None:
    with pytest.raises(ValueError, match="boundary"):
        compose(LETTER, TEMPLATE + f"--=_{LETTER.token_id}\n", FACTS)


def test_the_words_are_links_only_where_an_answer_is_known_again() -> None:
    linked = part(compose(LETTER, TEMPLATE, replace(FACTS, reply_token="rka")), "html")
    assert '<a href="mailto:reply@exporter.example?subject=START%20rka">START</a>' in linked
    assert "subject=" not in part(compose(LETTER, TEMPLATE, FACTS), "html")
    assert "subject=" not in part(compose(LETTER, TEMPLATE, replace(FACTS, reply_to="", reply_token="r")), "html")
    assert '<a href="mailto:sales@exporter.example">sales@' in linked
    assert "mailto:" not in part(compose(LETTER, TEMPLATE, replace(FACTS, contact="+86 21 5555", reply_to="")), "html")
