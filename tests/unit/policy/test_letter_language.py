"""The language of a letter: the person's own, else the request's, else that of his country, else ours."""

from dataclasses import replace

import pytest

from agent.model.state import AddressState, Situation
from agent.policy.case import Case
from agent.policy.language import letter_language
from tests.unit.policy.cases import NOW, SETTINGS, key, origin


def language(address: str, request: str = "", known: str = "") -> str:
    own = replace(SETTINGS, identity=replace(SETTINGS.identity, language="de"))
    facts = Situation(state=AddressState(key=key(address), language=known), origin=origin(language=request))
    return letter_language(Case(situation=facts, settings=own, now=NOW))


@pytest.mark.parametrize(
    ("address", "tag"),
    [
        ("a@x.com.br", "pt-BR"),
        ("a@x.it", "it"),
        ("a@x.com.tr", "tr"),
        ("a@x.co.jp", "ja"),
        ("a@x.kr", "ko"),
        ("a@x.com.vn", "vi"),
        ("a@x.com.cn", "zh-Hans"),
        ("a@x.ae", "ar"),
        ("a@x.com", "de"),
        ("a@x.me", "de"),
    ],
)
def test_a_country(address: str, tag: str) -> None:
    assert language(address) == tag


def test_what_the_person_wrote_weighs_more_than_his_country() -> None:
    assert language("a@x.co.jp", request="ko") == "ko"
    assert language("a@x.co.jp", request="ko", known="vi") == "vi"
