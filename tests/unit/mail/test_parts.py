"""The MIME tree: the same leaves the standard library finds, and bounds where it has none."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mail.headers import read_block
from agent.mail.parts import MAX_DEPTH, Part, leaves
from agent.model.settings import Limits

LIMITS = Limits()


def tree(raw: bytes, limits: Limits = LIMITS) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    block = read_block(raw, limits)
    return leaves(block, raw[block.body_at :], limits)


def sample() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "ana@buyer.example"
    message.set_content("Grüße\n", cte="quoted-printable")
    message.add_alternative("<p>Grüße</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    return message


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_leaves_of_a_usual_mail(line_end: str) -> None:
    raw = sample().as_bytes(policy=policy.default.clone(linesep=line_end))
    found, defects = tree(raw)
    assert defects == ()
    assert [(part.kind, part.attached, part.name) for part in found] == [
        ("text/plain", False, ""),
        ("text/html", False, ""),
        ("application/pdf", True, "a.pdf"),
    ]
    assert found[0].alternative == found[1].alternative != 0 == found[2].alternative
    assert found[0].decoded().decode().strip() == "Grüße"
    assert found[2].decoded() == b"%PDF"


@given(st.lists(st.text(alphabet="ab-\n é", max_size=40), min_size=1, max_size=5))
def test_the_standard_library_finds_the_same(texts: list[str]) -> None:
    message = EmailMessage()
    message["Subject"] = "x"
    message.make_mixed()
    for text in texts:
        part = EmailMessage()
        part.set_content(text)
        message.attach(part)
    raw = message.as_bytes()
    expected = [p.get_payload(decode=True) for p in message_from_bytes(raw).walk() if not p.is_multipart()]
    assert [part.decoded() for part in tree(raw)[0]] == expected


def test_a_returned_mail_is_a_leaf_with_its_bytes() -> None:
    """hazard C2: what lies inside a returned mail is not structure of this one."""
    inner = b"Subject:  two blanks\r\nContent-Type: multipart/report; boundary=i\r\n\r\n--i\r\n\r\nx\r\n--i--"
    raw = b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n"
    found, _ = tree(raw + inner + b"\r\n--o--\r\n")
    assert [(part.kind, part.body) for part in found] == [("message/rfc822", inner)]


def test_a_boundary_that_begins_like_another() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=ab\n\n"
        b"--ab\n\none\n--ab--\n\n--a \n\ntwo\n--a--\nafter\n"
    )
    assert [part.body for part in tree(raw)[0]] == [b"one", b"two"]


def test_a_missing_end_is_forgiven() -> None:
    assert [part.body for part in tree(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n")[0]] == [b"one\n"]


def test_heads_that_were_read_before_obey_the_limits() -> None:
    part = b"--b\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\neA==\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + part + part + b"--b--\n"
    for _ in range(2):
        assert [(one.kind, one.encoding, one.body) for one in tree(raw)[0]] == [("text/html", "base64", b"eA==")] * 2
    (first, _), _ = tree(raw, Limits(header_lines=1))
    assert (first.kind, first.encoding) == ("text/html", "")


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"From a@b.example\n", b">From a@b.example\n\n"])
def test_what_may_stand_before_the_fields_of_a_part(start: bytes) -> None:
    head = start + b"Content-Type: text/html\n\n"
    found, _ = tree(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + head + b"x\n--b--\n")
    assert found[0].kind == "text/html"


def test_parts_without_a_line_between() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\none\r\n--b\n\n--b--"
    assert [part.body for part in tree(raw)[0]] == [b"", b"one", b""]


def test_digest_parts_are_mails() -> None:
    found, _ = tree(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\n--b--\n")
    assert found[0].kind == "message/rfc822"


@pytest.mark.parametrize(
    "head", [b"multipart/mixed", b"multipart/mixed; boundary=none", b'multipart/mixed; boundary=""']
)
def test_without_parts_the_body_is_text(head: bytes) -> None:
    found, defects = tree(b"Content-Type: " + head + b"\n\nhello")
    assert [(part.kind, part.body) for part in found] == [("text/plain", b"hello")]
    assert defects == ("boundary-missing",)


def test_too_many_parts() -> None:
    """hazard C1"""
    found, defects = tree(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000)
    assert defects == ("too-many-parts",)
    assert len(found) == LIMITS.mime_parts


def test_too_deep() -> None:
    """hazard C1: 1,000 nested multiparts"""
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1000))
    found, defects = tree(levels + b"\nhi")
    assert defects == ("parts-too-deep",)
    assert [part.depth for part in found] == [MAX_DEPTH]


def test_false_boundaries_come_to_an_end() -> None:
    found, _ = tree(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx\n" * 50_000)
    assert len(found) == 1


def test_undecodable_bodies_stay_readable() -> None:
    """hazard C13"""
    raw = b"Content-Type: text/plain\nContent-Transfer-Encoding: %s\n\n%s"
    assert tree(raw % (b"base64", b"!!!!"))[0][0].decoded() == b""
    assert tree(raw % (b"quoted-printable", b"a=ZZ=\nb="))[0][0].decoded() == b"a=ZZb"
    assert tree(raw % (b"x-uuencode", b"begin 644 a"))[0][0].decoded() == b"begin 644 a"
