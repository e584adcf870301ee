"""Signatures of incoming mail: what passes, what must not, and that no mail buys much work."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from dkim import DKIM, canonicalization, rfc822_parse
from hypothesis import given
from hypothesis import strategies as st

from agent.mail.parse import parse
from agent.model.dkim import KeyAnswer, KeyState, Result, Verdict
from agent.model.mail import RawMessage
from agent.model.proof import Proof
from agent.model.settings import Limits
from agent.trust import dkim_verify
from agent.trust.assess import assess
from agent.trust.dkim_check import check
from agent.trust.dkim_names import MAX_SIGNATURES
from tests.unit.mails import raw
from tests.unit.trust.signing import ALL_FIELDS, HEAD, MAIL, Signer, ed25519, fat_record, rsa

LIMITS = Limits()


def message(signed: bytes, **changes: Any) -> RawMessage:
    return replace(raw(), raw=signed, **changes)


def verdicts(signed: bytes, *keys: KeyAnswer, **changes: Any) -> tuple[Verdict, ...]:
    mail = message(signed, **changes)
    return check(parse(mail, LIMITS), mail, {key.name: key for key in keys}, LIMITS)


def only(signed: bytes, *keys: KeyAnswer, **changes: Any) -> Verdict:
    (verdict,) = verdicts(signed, *keys, **changes)
    return verdict


def proof(signed: bytes, *keys: KeyAnswer) -> Proof:
    mail = message(signed)
    return assess(parse(mail, LIMITS), mail, None, None, keys)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The costly steps that were taken."""
    steps: list[str] = []
    for name in ("verify_sig",):
        whole = getattr(DKIM, name)

        def step(self: DKIM, *args: object, _whole: Any = whole, _name: str = name) -> object:
            steps.append(_name)
            return _whole(self, *args)

        monkeypatch.setattr(DKIM, name, step)
    return steps


@pytest.mark.parametrize("make", [rsa, ed25519])
@pytest.mark.parametrize("body", [b"relaxed", b"simple"])
def test_a_real_signature_proves_its_sender(make: Callable[[], Signer], body: bytes) -> None:
    signer = make()
    found = proof(signer.sign(body=body), signer.answer())
    assert found.authenticated
    assert found.signers == ("buyer.example",)
    assert found.why == ("dkim=pass buyer.example",)


def test_line_feeds_alone_are_the_same_mail() -> None:
    signed = ed25519().sign()
    assert only(signed.replace(b"\r\n", b"\n"), ed25519().answer()).result is Result.PASS


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"STOP", b"START", "body"),
        (b"Re: Offer", b"Re: Orders", "header"),
        (b"<1@buyer", b"<2@buyer", "header"),
        (b"ana@buyer", b"bob@buyer", "header"),
        (b"\r\nSubject", b"\r\nCc: x@buyer.example\r\nSubject", ""),
    ],
)
def test_what_is_signed_cannot_be_changed(old: bytes, new: bytes, why: str) -> None:
    verdict = only(ed25519().sign().replace(old, new), ed25519().answer())
    assert (verdict.result is Result.PASS) is (why == "")
    assert why in verdict.why


@pytest.mark.parametrize("field", [b"From", b"Subject", b"To", b"Date", b"Message-ID"])
@pytest.mark.parametrize("on_top", [True, False])
def test_a_second_field_of_a_kind_is_no_proof(field: bytes, on_top: bool) -> None:
    # hazard A2
    signed, extra = ed25519().sign(), field + b": ceo@buyer.example\r\n"
    doubled = extra + signed if on_top else signed.replace(b"\r\n\r\n", b"\r\n" + extra + b"\r\n", 1)
    assert not proof(doubled, ed25519().answer()).authenticated


@pytest.mark.parametrize("field", ALL_FIELDS)
def test_every_field_that_is_used_must_be_signed(field: bytes) -> None:
    fields = tuple(name for name in ALL_FIELDS if name != field)
    if field == b"from":
        return  # nobody can make such a signature with the library
    verdict = only(ed25519().sign(fields=fields), ed25519().answer())
    assert (verdict.result, verdict.why) == (Result.FAIL, f"it does not cover {field.decode()}")


def test_to_need_not_be_signed_where_the_envelope_says_whom_it_is_for() -> None:
    signed = ed25519().sign(fields=(b"from", b"subject", b"message-id", b"date"))
    verdict = only(signed, ed25519().answer(), envelope_to=("unsubscribe@exporter.example",))
    assert verdict.result is Result.PASS


def test_an_open_end_is_a_failure() -> None:
    signed = ed25519().sign(length=True)
    assert "l=" in only(signed, ed25519().answer()).why
    assert "l=" in only(signed + b"STOP all\r\n", ed25519().answer()).why


@pytest.mark.parametrize(
    "broken",
    [
        lambda mail: mail.replace(b"Subject:", b"Subject :"),
        lambda mail: mail.replace(b"\r\nTo:", b"\rX: y\r\nTo:"),
        lambda mail: mail.replace(b"\r\nTo:", b"\nTo:"),
        lambda mail: mail.replace(b"Re: Offer", b"Re:\r\nFrom nobody\r\n Offer"),
        lambda mail: mail.replace(b"\r\nTo:", b"\r\nno field\r\nTo:"),
        lambda mail: mail.replace(b"\r\nTo:", b"\r\n" + b"X" * 90 + b": y\r\nTo:"),
    ],
)
def test_what_two_parsers_read_differently_is_no_proof(broken: Callable[[bytes], bytes]) -> None:
    # hazard A2
    assert not proof(broken(ed25519().sign()), ed25519().answer()).authenticated


def test_a_stranger_signs_for_himself_only() -> None:
    # hazard D3
    stranger = replace(ed25519(), domain=b"stranger.example")
    mail = message(stranger.sign())
    assert not assess(parse(mail, LIMITS), mail, None, None, (stranger.answer(),)).authenticated
    assert verdicts(stranger.sign(), stranger.answer()) == ()


def test_one_public_suffix_is_not_one_owner() -> None:
    other = replace(ed25519(), domain=b"other.co.uk")
    mail = MAIL.replace(b"buyer.example", b"shop.co.uk")
    found = proof(other.sign(mail), other.answer())
    assert not found.authenticated
    assert found.signers == ("other.co.uk",)


def test_a_key_that_is_not_the_signers() -> None:
    wrong = replace(ed25519(), record=b"v=DKIM1; k=ed25519; p=" + b"A" * 43 + b"=")
    assert only(ed25519().sign(), wrong.answer()).result is Result.FAIL
    assert only(ed25519().sign(), replace(ed25519(), record=rsa().record).answer()).result is Result.FAIL


@pytest.mark.parametrize(
    ("state", "result"),
    [(KeyState.TEMPERROR, Result.TEMPERROR), (KeyState.NONE, Result.FAIL)],
)
def test_without_a_key_there_is_no_verdict_or_a_bad_one(state: KeyState, result: Result) -> None:
    assert only(ed25519().sign(), ed25519().answer(state=state, txt=b"")).result is result
    assert only(ed25519().sign()).result is Result.NONE


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b"v=DKIM1; p=", "withdrawn"),
        (b"v=DKIM1; k=rsa", "withdrawn"),
        (b"v=DKIM1; t=y; p=AAAA", "tested"),
        (b"v=DKIM1; s=tlsrpt; p=AAAA", "not for mail"),
        (b"v=DKIM1; p=AAAA" + b" " * 5_000, "too long"),
        (b"v=DKIM1; p=AAAA", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"", "withdrawn"),
    ],
)
def test_records_that_are_no_use(record: bytes, why: str) -> None:
    assert why in only(ed25519().sign(), ed25519().answer(txt=record)).why


@pytest.mark.parametrize(("bits", "why"), [(512, "bits"), (8_192, "bits"), (16_384, "too long")])
def test_keys_of_odd_sizes_are_never_computed_with(bits: int, why: str, counted: list[str]) -> None:
    record = fat_record(bits)
    assert why in only(rsa().sign(), rsa().answer(txt=record)).why
    assert counted == []


def test_a_huge_exponent_is_never_computed_with(counted: list[str]) -> None:
    assert "exponent" in only(rsa().sign(), rsa().answer(txt=fat_record(4_088))).why
    assert counted == []


def test_no_more_signatures_are_checked_than_an_honest_mail_has(counted: list[str]) -> None:
    bad = ed25519().sign().partition(b"From: Ana")[0]
    assert len(verdicts(bad * 40 + ed25519().sign(), ed25519().answer())) == MAX_SIGNATURES
    assert len(counted) <= MAX_SIGNATURES
    assert verdicts(bad * 1_000 + MAIL, ed25519().answer()) == ()
    assert len(counted) <= MAX_SIGNATURES


def test_the_body_is_hashed_once_for_all_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    whole = dkim_verify.canonical_body

    def canonicalize(body: bytes, kind: bytes) -> bytes:
        asked.append(kind)
        return whole(body, kind)

    monkeypatch.setattr(dkim_verify, "canonical_body", canonicalize)
    twice = ed25519().sign(ed25519().sign(), body=b"relaxed")
    assert [one.result for one in verdicts(twice, ed25519().answer())] == [Result.PASS, Result.PASS]
    assert asked == [b"relaxed"]


def test_a_mail_that_is_too_large_is_not_checked() -> None:
    large = ed25519().sign(HEAD + b"\r\n" + b"x" * 70 * 30_000)
    assert "too large" in only(large, ed25519().answer()).why


@pytest.mark.parametrize(
    "field",
    [
        b"DKIM-Signature: v=1; a=rsa-sha256; d=buyer.example; s=s1; h=from" + b" " * 40_000 + b"; bh=; b=\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=buyer.example; s=s1; h=from; bh=x; b=" + b"\r\n " * 200 + b"x!\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=buyer.example; s=s1; h=" + b":".join([b"a"] * 3_000) + b"; bh=; b=\r\n",
        b"DKIM-Signature: d=buyer.example; s=s1\r\n",
        b"DKIM-Signature: d=buyer.example; s=s1; v=1; v=1\r\n",
        b"DKIM-Signature: d=buyer.example; s=s1; v=1; a=rsa-sha1; h=from; bh=AAAA; b=AAAA\r\n",
    ],
)
def test_hostile_signatures_fail_without_work(field: bytes, counted: list[str]) -> None:
    assert all(one.result is not Result.PASS for one in verdicts(field + MAIL, rsa().answer()))
    assert counted == []


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r", b"\n", b"  \t "]), max_size=30).map(b"".join))
def test_a_body_is_canonical_as_the_library_would_have_it(body: bytes) -> None:
    read = rfc822_parse(b"a: b\r\n\r\n" + body)[1]
    for kind, algorithm in canonicalization.ALGORITHMS.items():
        assert dkim_verify.canonical_body(body, kind) == algorithm.canonicalize_body(read)


def test_a_signature_that_ran_out_is_measured_when_the_mail_came() -> None:
    signer = ed25519()
    value = signer.sign()
    for x, wanted in ((b"1", "run out"), (b"4102444800", "header")):
        dated = value.replace(b"Signature: ", b"Signature: x=" + x + b"; ", 1)
        assert wanted in only(dated, signer.answer()).why
