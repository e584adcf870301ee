"""Who is let in by RCPT: ours and nobody else's; an opt-out always."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intake.smtp import recipients
from agent.intake.smtp.recipients import FOREIGN, OK, UNKNOWN, directory, unwrapped
from agent.model.mail import Purpose, Role, TokenText
from agent.model.mail import Token as ProvenToken
from agent.model.settings import Addresses
from agent.trust.tokens import KeyRing, verify
from tests.unit.intake.smtp_door import RING, SETTINGS, TOKENS, token

OURS = directory(SETTINGS, RING)
B, U, R, F, C = (token(purpose) for purpose in Purpose)


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("leave@example.com", Role.UNSUBSCRIBE),
        ("LEAVE@EXAMPLE.COM", Role.UNSUBSCRIBE),
        ('"leave"@example.com', Role.UNSUBSCRIBE),
        ("leave+list@example.com", Role.UNSUBSCRIBE),
        ("leave@example.com.", Role.UNSUBSCRIBE),
        ("prvs=1234567890=bounces@example.com", Role.BOUNCE),
        ("sales@example.com", Role.REPLY),
        ("fbl@example.com", Role.COMPLAINT),
        ("postmaster", None),  # hazard A13
        ("Postmaster", None),
        ("postmaster@example.com", None),
        ("PostMaster@t.example.com", None),
        ("abuse@example.com", None),
        (B, Role.BOUNCE),
        (U, Role.UNSUBSCRIBE),
        (R, Role.REPLY),
        (F, Role.COMPLAINT),
        (C, Role.REPLY),
        (B.upper(), Role.BOUNCE),
        (f'"{B.partition("@")[0]}"@{TOKENS}', Role.BOUNCE),
        (f"prvs=190694bd6d={B}", Role.BOUNCE),
        (f"prvs={B.partition('@')[0]}=190694bd6d@{TOKENS}", Role.BOUNCE),
        (B.replace("@", "+detail@"), Role.BOUNCE),
        # hazard A12: an opt-out is never refused
        ("u@t.example.com", Role.UNSUBSCRIBE),
        ("unsubscribe@t.example.com", Role.UNSUBSCRIBE),
        ("Unsubscribe-me-now@T.EXAMPLE.COM", Role.UNSUBSCRIBE),
        ("unsubscribe%40list@t.example.com", Role.UNSUBSCRIBE),
        (U[:20] + "@t.example.com", Role.UNSUBSCRIBE),
        (U.replace("@", "x@"), Role.UNSUBSCRIBE),
        (f"prvs=190694bd6d={U[:9]}@t.example.com", Role.UNSUBSCRIBE),
        (f"srs0=abcd=tt=remote.test={U[:9]}@t.example.com", Role.UNSUBSCRIBE),
    ],
)
def test_ours(address: str, role: Role | None) -> None:
    answer = OURS.judge(address)
    assert (answer.reply, answer.role) == (OK, role)


@pytest.mark.parametrize(
    "address",
    [
        "nobody@example.com",
        "leaves@example.com",
        "nobody@t.example.com",
        "unsubscribe@example.com",  # not on the token domain, not configured
        U.replace(TOKENS, "example.com"),
    ],
)
def test_unknown_at_our_domain(address: str) -> None:
    assert OURS.judge(address).reply == UNKNOWN


@pytest.mark.parametrize("good", [B, R, F, C])
@given(at=st.integers(0, 30), to=st.sampled_from("abcdefghijklmnopqrstvwxyz234567"))
def test_mangled_token_is_refused(good: str, at: int, to: str) -> None:
    """No backscatter: whatever is changed, the address is unknown."""
    # hazard A12
    local, _, domain = good.partition("@")
    bad = local[:at] + to + local[at + 1 :]
    if bad != local:
        assert OURS.judge(f"{bad}@{domain}").reply == UNKNOWN


@pytest.mark.parametrize("good", [B, R, F, C])
def test_cut_or_lengthened_token_is_refused(good: str) -> None:
    local, _, domain = good.partition("@")
    for bad in (local[:-1], local[1:], local + "a", "x" + local):
        assert OURS.judge(f"{bad}@{domain}").reply == UNKNOWN  # hazard A12


@given(cut=st.integers(1, 31), tail=st.text(alphabet="abc234-_.=+", max_size=8).filter(lambda text: ".." not in text))
def test_mangled_unsubscribe_token_is_taken(cut: int, tail: str) -> None:
    answer = OURS.judge(f"{U[:cut]}{tail}@{TOKENS}")  # hazard A12
    assert (answer.reply, answer.role) == (OK, Role.UNSUBSCRIBE)


RELAY_TRICKS = [
    "victim@remote.test",
    "victim%remote.test@example.com",
    "victim%remote.test@t.example.com",
    "user%remote.test@t.example.com",
    "user%remote.test@remote2.test",
    "remote.test!victim@example.com",
    "uucp.remote.test!victim@t.example.com",
    "remote.test!victim",
    '"victim@remote.test"@example.com',
    '"victim@remote.test"',
    '"user@remote.test"@t.example.com',
    "victim@remote.test@example.com",
    "@example.com:victim@remote.test",
    "@example.com,@t.example.com:victim@remote.test",
    "victim@[127.0.0.1]",
    "victim@[10.1.2.3]",
    "victim@localhost",
    "victim@remote.test.",
    "victim@example.com.remote.test",
    "victim@sub.example.com",
    "victim@-example.com",
    "victim",
    "<>",
    "",
    "@",
    "victim@",
    "postmaster@remote.test",
    "abuse",
    '"victim%remote.test"@example.com',
    "victim:remote.test@example.com",
]


@pytest.mark.parametrize("address", RELAY_TRICKS)
def test_no_relay(address: str) -> None:
    assert OURS.judge(address).reply == FOREIGN  # hazard A10


def test_no_token_domain_no_tokens() -> None:
    plain = replace(SETTINGS, addresses=Addresses(unsubscribe=("leave@example.com",)))
    ours = directory(plain, RING)
    assert ours.judge("leave@example.com").accepted
    assert ours.judge(B).reply == FOREIGN
    assert ours.judge("unsubscribe@example.com").reply == UNKNOWN


def test_without_keys_only_opt_outs() -> None:
    ours = directory(SETTINGS, None)
    assert ours.judge(U).accepted
    assert ours.judge(B).reply == UNKNOWN


def test_earlier_role_has_a_shared_address() -> None:
    shared = Addresses(unsubscribe=("one@example.com",), reply=("one@example.com",))
    assert directory(replace(SETTINGS, addresses=shared), None).judge("one@example.com").role is Role.UNSUBSCRIBE


def test_known_and_unknown_tokens_take_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """No list is asked and nothing is looked up: one comparison of a MAC in constant time each."""
    # hazard A11
    calls: list[str] = []

    def counted(ring: KeyRing, text: TokenText) -> ProvenToken | None:
        calls.append(text.id)
        return verify(ring, text)

    monkeypatch.setattr(recipients, "verify", counted)
    OURS.judge(B)
    OURS.judge("b1" + "a" * 29 + "@" + TOKENS)
    assert len(calls) == 2


def test_unwrapped_is_bounded() -> None:
    assert list(unwrapped("prvs=" * 20 + "x+y"))[:1] == ["prvs=" * 20 + "x+y"]


@given(st.text(max_size=60))
def test_judge_never_raises_and_foreign_stays_out(text: str) -> None:
    answer = OURS.judge(f"{text}@remote.test")
    assert answer.reply == FOREIGN
    OURS.judge(text)
