"""Token-shaped text: found through every wrapping, only where its purpose fits, with the domain beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mail.token import MAX_TOKENS, find_tokens
from agent.model.mail import Headers, Purpose
from tests.unit.mail.build import RETURNED, B, C, F, U, plain, read, report

D = "u.exporter.example"


def found(*fields: tuple[str, str]) -> set[tuple[str, str, str]]:
    return {(t.place, t.purpose.value, t.domain) for t in find_tokens(Headers(fields=fields))}


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        (f"{U}@{D}", D),
        (f"{U.upper()}@{D.upper()}", D),
        (f'"{U}"@{D}', D),
        (f"Us <{U}@{D}>, other@x.example", D),
        (f"{U}+detail@{D}", D),
        (f"prvs=1234abcdef={U}@{D}", D),
        (f"prvs={U}/1234abcdef@{D}", D),
        (f"prvs={U}=1234abcdef@{D}", D),
        (f"SRS0=HHHH=TT={D}={U}@forward.example", D),
        (f"srs0+hhhh=tt={D}={U}@forward.example", D),
        (f"SRS1=GGGG=hop.example==HHHH=TT={D}={U}@forward.example", D),
        (f"SRS0=HHHH=TT={D}=prvs=1234abcdef={U}@forward.example", D),
    ],
)
def test_wrapped_recipients(address: str, domain: str) -> None:
    assert found(("To", address)) == {("recipient", "u", domain)}
    assert {t.domain for t in find_tokens(Headers(), envelope_to=(address,))} == {domain}


@pytest.mark.parametrize(
    "text",
    [U[:-1], U + "a", "a" + U, U.replace("u", "x", 1), U.replace("2", "1"), U[:10] + " " + U[10:], "é" + U[1:]],
)
def test_what_is_no_token(text: str) -> None:
    assert find_tokens(Headers(fields=(("To", f"{text}@{D}"),))) == ()


def test_the_parts() -> None:
    (token,) = find_tokens(Headers(fields=(("To", f"{U.upper()}@{D}"),)))
    assert (token.purpose, token.key_id, token.id, token.mac) == (Purpose.UNSUBSCRIBE, "k", U[2:15], U[15:])


@pytest.mark.parametrize(
    ("field", "value", "purpose", "place"),
    [
        ("List-Unsubscribe", f"<mailto:{U}@{D}?subject=x>, <https://x.example>", "u", "list-unsubscribe"),
        ("List-Unsubscribe", f"<mailto:{U}%40{D}>", "u", "list-unsubscribe"),
        ("Message-ID", f"<{F}@{D}>", "f", "message-id"),
        ("References", f"<1@x.example> <{F}@{D}>", "f", "references"),
        ("In-Reply-To", f"<{F}@{D}>", "f", "references"),
    ],
)
def test_places(field: str, value: str, purpose: str, place: str) -> None:
    assert found((field, value)) == {(place, purpose, D)}


@pytest.mark.parametrize("token", [U, B, F, C])
def test_a_purpose_out_of_place_is_passed_over(token: str) -> None:
    fitting = {"u": "List-Unsubscribe", "f": "Message-ID"}.get(token[0])
    for field in ("List-Unsubscribe", "Message-ID"):
        assert bool(found((field, f"<{token}@{D}>"))) is (field == fitting)


def test_a_token_without_a_domain_takes_those_of_the_recipients() -> None:
    fields = (("Subject", f"Re: START {C}"), ("To", "reply@exporter.example"), ("Cc", "b@buyer.example"))
    assert found(*fields) == {("subject", "c", "exporter.example"), ("subject", "c", "buyer.example")}
    assert found(("Subject", C)) == {("subject", "c", "")}


def test_an_encoded_subject() -> None:
    assert found(("Subject", f"=?utf-8?Q?START_{C}?=")) == {("subject", "c", "")}


def test_return_path_and_envelope_id() -> None:
    tokens = find_tokens(Headers(), return_path=f"{B}@{D}", envelope_ids=(f"{B}+40{D}", U))
    assert {(t.place, t.domain) for t in tokens} == {("return-path", D), ("envelope-id", D)}


def test_the_returned_original() -> None:
    """Its Subject and recipients are passed over: a returned START letter must not confirm itself."""
    original = (
        f"Return-Path: <{B}@{D}>\nTo: <{U}@{D}>\nSubject: START {C}\nReply-To: <{C}@{D}>\n"
        f"List-Unsubscribe: <mailto:{U}@{D}>\nMessage-ID: <{F}@{D}>\nReceived: x\n\nhi"
    )
    mail = read(report("message/delivery-status", "Original-Envelope-Id: x\n", original))
    assert {(t.place, t.purpose.value) for t in mail.tokens} == {
        ("return-path", "b"),
        ("list-unsubscribe", "u"),
        ("message-id", "f"),
    }


def test_a_mail_to_a_token_address() -> None:
    mail = read(plain("x").replace(b"sales@exporter.example", f"{U}@{D}".encode()), envelope_to=(f"{U}@{D}",))
    assert [(t.place, t.domain) for t in mail.tokens] == [("recipient", D)]
    assert RETURNED  # the plain original carries none
    assert read(report("message/delivery-status", "", RETURNED)).tokens == ()


def test_bounded() -> None:
    many = ", ".join(f"u{n:02d}"[:2] + U[2:] + f"@d{n}.example" for n in range(500))
    assert len(find_tokens(Headers(fields=(("To", many),)))) == MAX_TOKENS


@given(st.text(alphabet="SRSsrs01=+@.<>-" + U, max_size=300))
def test_never_fails(text: str) -> None:
    find_tokens(Headers(fields=(("To", text), ("List-Unsubscribe", text))), (text,), text, (text,), (text,))
