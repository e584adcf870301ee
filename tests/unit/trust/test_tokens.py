"""A token proves what it was minted for, and nothing that differs from it in one character proves anything."""

import string
from dataclasses import replace

import pytest

from agent.model.mail import Purpose, TokenText
from agent.trust.tokens import KeyRing, mint, new_key_line, parse_ring, token_id, vectors, verify

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
RING = KeyRing(keys=(("a", OLD), ("b", NEW)))
ID = token_id(b"\x00\x01\x02\x03\x04\x05\x06\x07")
DOMAIN = "mail.exporter.example"
PLACE = {
    Purpose.BOUNCE: "return-path",
    Purpose.UNSUBSCRIBE: "recipient",
    Purpose.REPLY: "recipient",
    Purpose.FEEDBACK: "message-id",
    Purpose.CONFIRM: "subject",
}


def text_of(local: str, domain: str = DOMAIN, place: str = "recipient") -> TokenText:
    return TokenText(
        purpose=Purpose(local[0].lower()), key_id=local[1], id=local[2:15], mac=local[15:], domain=domain, place=place
    )


@pytest.mark.parametrize("purpose", Purpose)
def test_a_minted_token_verifies_in_its_place(purpose: Purpose) -> None:
    local = mint(RING, purpose, ID, DOMAIN)
    assert len(local) == 31
    assert set(local) <= set(string.ascii_lowercase + string.digits)
    token = verify(RING, text_of(local, place=PLACE[purpose]))
    assert token is not None
    assert (token.purpose, token.key_id, token.id, token.place) == (purpose, "b", ID, PLACE[purpose])


def test_case_does_not_matter() -> None:
    local = mint(RING, Purpose.UNSUBSCRIBE, ID, DOMAIN)
    assert verify(RING, text_of(local.upper(), domain=DOMAIN.upper())) is not None
    assert verify(RING, text_of(local.title())) is not None


def test_every_single_character_change_fails() -> None:
    # hazard D16
    local = mint(RING, Purpose.UNSUBSCRIBE, ID, DOMAIN)
    tried = 0
    for at, right in enumerate(local):
        for wrong in string.ascii_lowercase + string.digits:
            if wrong == right or (at == 0 and wrong not in "brfc"):
                continue
            mutant = local[:at] + wrong + local[at + 1 :]
            assert verify(RING, text_of(mutant)) is None, mutant
            tried += 1
    assert tried > 1000


def test_forged_cut_and_moved_tokens_prove_nothing() -> None:
    # hazard D16
    local = mint(RING, Purpose.UNSUBSCRIBE, ID, DOMAIN)
    good = text_of(local)
    stranger = KeyRing(keys=(("b", bytes(32)),))
    assert verify(stranger, good) is None
    assert verify(RING, text_of(local[:-1])) is None
    assert verify(RING, text_of(local + "a")) is None
    assert verify(RING, replace(good, domain="other.example")) is None
    assert verify(RING, replace(good, domain="")) is None
    assert verify(RING, replace(good, key_id="a")) is None
    assert verify(RING, replace(good, key_id="z")) is None
    assert verify(RING, replace(good, mac="ü" * 16)) is None
    assert verify(RING, replace(good, id="A" * 14)) is None


@pytest.mark.parametrize("claimed", Purpose)
@pytest.mark.parametrize("minted", Purpose)
def test_a_token_of_one_purpose_is_none_of_another(minted: Purpose, claimed: Purpose) -> None:
    # hazard D2
    local = mint(RING, minted, ID, DOMAIN)
    found = verify(RING, replace(text_of(local), purpose=claimed))
    assert (found is not None) is (minted is claimed)


@pytest.mark.parametrize(
    ("purpose", "place"),
    [
        (Purpose.BOUNCE, "list-unsubscribe"),
        (Purpose.BOUNCE, "subject"),
        (Purpose.UNSUBSCRIBE, "return-path"),
        (Purpose.FEEDBACK, "list-unsubscribe"),
        (Purpose.CONFIRM, "message-id"),
        (Purpose.UNSUBSCRIBE, "nowhere"),
    ],
)
def test_the_place_fixes_the_purpose(purpose: Purpose, place: str) -> None:
    # hazard D2
    assert verify(RING, text_of(mint(RING, purpose, ID, DOMAIN), place=place)) is None


def test_old_keys_verify_for_ever_and_the_newest_signs() -> None:
    before = KeyRing(keys=(("a", OLD),))
    assert verify(RING, text_of(mint(before, Purpose.UNSUBSCRIBE, ID, DOMAIN))) is not None
    assert mint(RING, Purpose.UNSUBSCRIBE, ID, DOMAIN)[1] == "b"


def test_a_token_may_be_minted_for_no_domain() -> None:
    local = mint(RING, Purpose.CONFIRM, ID, "")
    assert verify(RING, text_of(local, domain="", place="subject")) is not None


def test_ids() -> None:
    assert token_id(bytes(8)) == "a" * 13
    assert len({token_id(bytes([n]) + bytes(7)) for n in range(256)}) == 256
    with pytest.raises(ValueError, match="8 octets"):
        token_id(b"short")
    with pytest.raises(ValueError, match="13 base32"):
        mint(RING, Purpose.BOUNCE, "tooshort", DOMAIN)


def test_key_files_are_read_strictly() -> None:
    lines = new_key_line("a", OLD) + "\n" + new_key_line("b", NEW)
    assert parse_ring(lines) == RING
    assert parse_ring(lines.replace("\n", "\r\n").upper().replace("A:", "a:").replace("B:", "b:")) == RING
    assert OLD.hex() not in repr(RING)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no key"),
        ("\n\n", "no key"),
        (f"a:{OLD.hex()[:-1]}", "line 1"),
        (f'"a:{OLD.hex()}"', "line 1"),
        (f"A:{OLD.hex()}", "line 1"),
        (f"ab:{OLD.hex()}", "line 1"),
        (f"# a\na:{OLD.hex()}", "line 1"),
        (f"a:{OLD.hex()}\na:{NEW.hex()}", "line 2: key id a occurs twice"),
    ],
)
def test_a_broken_key_file_says_where(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        parse_ring(text)
    assert OLD.hex()[:16] not in str(caught.value)


def test_a_key_line_needs_a_short_id_and_a_whole_secret() -> None:
    for kid, secret in (("ab", OLD), ("A", OLD), ("a", OLD[:16])):
        with pytest.raises(ValueError, match="32 octets"):
            new_key_line(kid, secret)


def test_vectors_show_a_changed_secret() -> None:
    assert vectors(RING) == vectors(KeyRing(keys=(("b", NEW), ("a", OLD))))
    assert vectors(RING)["a"] != vectors(KeyRing(keys=(("a", NEW),)))["a"]
    assert vectors(RING) == {"a": "fm2gplt3fqqibivv", "b": "ihgrwfinuxmz7sip"}
