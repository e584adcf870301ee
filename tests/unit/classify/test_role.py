"""What the receiving address is for."""

import pytest

from agent.classify.role import role_of
from agent.model.mail import Role
from agent.model.settings import Addresses
from tests.unit.mails import key, mail, raw

TOKEN = "k" + "a" * 29
ADDRESSES = Addresses(
    unsubscribe=("Unsubscribe@exporter.example",),
    bounce=("bounces@exporter.example",),
    reply=("sales@exporter.example",),
    complaint=("fbl@exporter.example",),
    token_domain="m.exporter.example",
)


@pytest.mark.parametrize(
    ("local", "role"),
    [
        ("unsubscribe", Role.UNSUBSCRIBE),
        ("UNSUBSCRIBE-list3", Role.UNSUBSCRIBE),
        ("unsub", Role.UNSUBSCRIBE),
        ("unsub.42", Role.UNSUBSCRIBE),
        ("optout", Role.UNSUBSCRIBE),
        ("opt-out", Role.UNSUBSCRIBE),
        ("leave", Role.UNSUBSCRIBE),
        ("leave-42", Role.UNSUBSCRIBE),
        ("td", Role.UNSUBSCRIBE),
        ("td+7", Role.UNSUBSCRIBE),
        ("u" + TOKEN, Role.UNSUBSCRIBE),
        ("U" + TOKEN.upper(), Role.UNSUBSCRIBE),
        ("b" + TOKEN, None),
        ("tdavis", None),
        ("leaver", None),
        ("sales", None),
        ("ursula", None),
    ],
)
def test_without_a_configuration_the_name_says_it(local: str, role: Role | None) -> None:
    assert role_of(mail(to=(key(f"{local}@exporter.example"),)), raw(), None) is role


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("unsubscribe@exporter.example", Role.UNSUBSCRIBE),
        ("unsubscribe+x@exporter.example", Role.UNSUBSCRIBE),
        ("bounces@exporter.example", Role.BOUNCE),
        ("fbl@exporter.example", Role.COMPLAINT),
        ("sales@exporter.example", Role.REPLY),
        ("u" + TOKEN + "@m.exporter.example", Role.UNSUBSCRIBE),
        ("b" + TOKEN + "@M.exporter.example", Role.BOUNCE),
        ("r" + TOKEN + "@m.exporter.example", Role.REPLY),
        ("f" + TOKEN + "@m.exporter.example", Role.COMPLAINT),
        ("c" + TOKEN + "@m.exporter.example", Role.REPLY),
        ("u-mangled@m.exporter.example", Role.UNSUBSCRIBE),
        ("info@m.exporter.example", None),
        ("unsubscribe@stranger.example", None),
        ("u" + TOKEN + "@stranger.example", None),
    ],
)
def test_with_a_configuration_only_our_own_count(address: str, role: Role | None) -> None:
    assert role_of(mail(to=(key(address),)), raw(), ADDRESSES) is role


def test_the_envelope_counts_before_the_header() -> None:
    listed = mail(to=(key("unsubscribe@exporter.example"),))
    assert role_of(listed, raw(envelope_to=("sales@exporter.example",)), ADDRESSES) is Role.REPLY
    assert role_of(listed, raw(envelope_to=("other@exporter.example", "junk")), ADDRESSES) is Role.UNSUBSCRIBE


def test_of_several_the_weightiest() -> None:
    both = mail(to=(key("sales@exporter.example"), key("unsubscribe@exporter.example")))
    assert role_of(both, raw(), ADDRESSES) is Role.UNSUBSCRIBE


def test_the_door_speaks_where_the_recipients_are_silent() -> None:
    assert role_of(mail(to=()), raw(role=Role.BOUNCE), ADDRESSES) is Role.BOUNCE
    assert role_of(mail(to=()), raw(), Addresses()) is None
