"""What people mean: weights, negation, business talk, named addresses, limits, and what overrides what."""

from dataclasses import replace
from typing import Any

import pytest

from agent.classify import classify
from agent.classify.explain import explain
from agent.classify.weights import WEIGHTS
from agent.model.mail import AutomaticMark, Headers, ParsedMail, Role
from agent.model.proof import Proof
from agent.model.signal import (
    AutoReply,
    Confidence,
    HumanReply,
    Manner,
    OptOut,
    OptOutReason,
    Preference,
    PreferenceKind,
    Privacy,
    Resubscribe,
    kind_of,
)  # fmt: skip
from agent.rules.catalog import Catalog
from tests.unit.mails import BUYER, key, mail

WRITTEN = ("Date", "Mon, 02 Mar 2026 09:00:00 +0000")
PROVEN = Proof(authenticated=True)


def said(text: str, **changes: Any) -> ParsedMail:
    return mail(WRITTEN, own_text=text, **changes)


def read(catalog: Catalog, text: str, **changes: Any) -> Any:
    return classify(said(text, **changes), PROVEN, None, catalog)[0]


@pytest.mark.parametrize(
    "text",
    [
        "please don't remove me",
        "stop production of item 3",
        "取消订单",
        "cancel order 445",
        "remove the second item from the quotation",
        "TD-100",
        "how do your customers unsubscribe?",
        "start the shipment",
        "Не отписывайте меня",
        "Ich möchte mich nicht abmelden",
        "لا أريد إلغاء الاشتراك",
        "Por favor quite el artículo 2 de la lista",
        "Remove item 2 from the list please",
        "Our lawyer is reading the contract",
        "Halt die Produktion an",
        "Of course I read all of your 12 mails a day, what else would I do? Send the price.",
    ],
)
def test_negation_and_business_talk_suppress_nobody(catalog: Catalog, text: str) -> None:
    # hazard D7
    assert isinstance(read(catalog, text), HumanReply)


@pytest.mark.parametrize(
    "text", ["jngbcfnmcz", "ыещз", "ЅТОР", "otpishite menya", "ＳＴＯＰ", "ѕtop", "退訂", "s\u200bt\u200bo\u200bp"]
)
def test_disguised_and_mistyped_keywords(catalog: Catalog, text: str) -> None:
    # hazard C8
    assert isinstance(read(catalog, text), OptOut)


SIGNATURE = """
Best regards,
Ana Example
Purchasing Manager
Harbour & Vale Trading Ltd
Unit 4, Quayside Business Park, Grimsby DN31 3LL, United Kingdom, T: +44 1472 555 0142
www.harbour.example
Registered in England and Wales No. 0912 4471 | VAT GB 912 4471 08"""


def test_a_signature_is_left_out(catalog: Catalog) -> None:
    assert read(catalog, f"Unsubscribe\n{SIGNATURE}").manner is Manner.KEYWORD
    assert read(catalog, f"Unsubscribe\n{SIGNATURE}".replace("Best regards", "S pozdravem")).manner is Manner.KEYWORD
    assert isinstance(read(catalog, f"Please quote 300 nets.\n{SIGNATURE}"), HumanReply)


@pytest.mark.parametrize("asked", ["PS: please remove me from your mailing list", "Unsubscribe"])
def test_what_is_asked_for_in_a_signature_stays(catalog: Catalog, asked: str) -> None:
    assert isinstance(read(catalog, f"Thank you.\n{SIGNATURE}\n{asked}"), OptOut)


def test_a_keyword_above_a_signature(catalog: Catalog) -> None:
    signal = read(catalog, "Unsubscribe\n\nAna Silva\nPurchasing manager\n+351 21 000")
    assert (signal.manner, signal.evidence.confidence) == (Manner.KEYWORD, Confidence.SURE)
    assert isinstance(
        read(catalog, "Stop\n\nWhy is the drawing of item 3 so different from the last one we had?"), HumanReply
    )


def test_an_empty_text_leaves_the_subject(catalog: Catalog) -> None:
    assert isinstance(read(catalog, "Thanks, Ana", subject="Unsubscribe"), OptOut)
    assert isinstance(read(catalog, "What is the price?", subject="Unsubscribe"), HumanReply)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("Please stop the mailings for six weeks.", "2026-04-13"),
        ("Bitte bis Ende März pausieren", "2026-04-01"),
        ("三个月内不要给我发邮件", "2026-06-02"),
        ("Не пишите нам до сентября", "2026-09-01"),
        ("Could you pause the mails? Start again in September.", "2026-09-01"),
    ],
)
def test_an_opt_out_with_an_end_is_a_pause(catalog: Catalog, text: str, until: str) -> None:
    signal = read(catalog, text)
    assert isinstance(signal, Preference)
    assert signal.kind is PreferenceKind.PAUSE
    assert signal.until is not None
    assert signal.until.date().isoformat() == until


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("One mail a month is enough", 30),
        ("请改成每周发一次", 7),
        ("Присылайте раз в квартал", 90),
        ("less often please", None),
    ],
)
def test_intervals(catalog: Catalog, text: str, days: int | None) -> None:
    signal = read(catalog, text)
    assert isinstance(signal, Preference)
    assert (signal.kind, signal.interval_days) == (PreferenceKind.FREQUENCY, days)


def test_a_topic_has_its_name(catalog: Catalog) -> None:
    signal = read(catalog, "No more about ball valves, but keep me informed on pumps.")
    assert isinstance(signal, Preference)
    assert (signal.kind, signal.scope) == (PreferenceKind.TOPIC, "topic:ball valves")


def test_several_wishes_the_weightiest_first(catalog: Catalog) -> None:
    signals = classify(said("Unsubscribe me. Also delete all my personal data."), PROVEN, None, catalog)
    assert [kind_of(signal) for signal in signals] == ["erase", "unsubscribe"]
    assert isinstance(signals[0], Privacy)


def test_reasons(catalog: Catalog) -> None:
    assert read(catalog, "Too many mails, please unsubscribe me").reason is OptOutReason.TOO_FREQUENT
    assert read(catalog, "Stop spamming me!").reason is OptOutReason.COMPLAINT_WORDS
    assert read(catalog, "Chris has left the company.").manner is Manner.PERSON_GONE


def test_the_way_back_outweighs_the_word_it_takes_back(catalog: Catalog) -> None:
    assert isinstance(read(catalog, "I unsubscribed by mistake, please add me again"), Resubscribe)


def test_named_colleagues_of_the_same_company(catalog: Catalog) -> None:
    signals = classify(said("Please remove info@buyer.example and sales@buyer.example"), PROVEN, None, catalog)
    assert [signal.address for signal in signals] == [key("info@buyer.example"), key("sales@buyer.example")]
    assert {signal.evidence.confidence for signal in signals} == {Confidence.SURE}
    assert {signal.evidence.rule for signal in signals} == {"named:wording:en.remove"}


@pytest.mark.parametrize(
    ("sender", "proof"), [("ana@other.example", PROVEN), ("ana@buyer.example", Proof()), ("ana@gmail.com", PROVEN)]
)
def test_a_stranger_is_only_reviewed(catalog: Catalog, sender: str, proof: Proof) -> None:
    other = "info@gmail.com" if "gmail" in sender else "info@buyer.example"
    text = said(f"Please remove {other} from your mailing list", sender=key(sender))
    signals = classify(text, proof, None, catalog)
    assert [(one.address, one.evidence.confidence) for one in signals] == [(key(other), Confidence.LIKELY)]


def test_lists_of_addresses_the_writer_and_new_contacts(catalog: Catalog) -> None:
    listed = classify(
        said("Please unsubscribe these addresses:\ninfo@buyer.example\nsales@buyer.example"), PROVEN, None, catalog
    )
    assert [str(one.address) for one in listed] == ["info@buyer.example", "sales@buyer.example"]
    both = classify(said("Please remove me and info@buyer.example from your list"), PROVEN, None, catalog)
    assert [one.address for one in both] == [BUYER, key("info@buyer.example")]
    moved = classify(said("Chris has left the company, please write to bob@buyer.example"), PROVEN, None, catalog)
    assert [one.address for one in moved] == [BUYER]


@pytest.mark.parametrize(
    "text",
    [
        "The same also arrives at office@buyer.example. Please remove that address from your list.",
        "同じ内容が office@buyer.example にも届いております。そのアドレスへの配信を停止してください。",
        "예전에 쓰던 메일 office@buyer.example 로도 옵니다. 그 주소는 수신거부 해 주세요. 이 주소는 놔두시고요.",
        "Proszę przestać wysyłać na office@buyer.example, nikt tego nie czyta.",
    ],
)
def test_an_address_that_the_request_points_at(catalog: Catalog, text: str) -> None:
    signals = [one for one in classify(said(text), PROVEN, None, catalog) if isinstance(one, OptOut)]
    assert {one.address for one in signals} == {key("office@buyer.example")}


def test_an_address_named_before_that_the_request_does_not_point_at(catalog: Catalog) -> None:
    text = "Orders go through office@buyer.example. Please remove me from your mailing list."
    assert read(catalog, text).address == BUYER


def test_a_robot_that_says_somebody_left_is_for_review(catalog: Catalog) -> None:
    signal = read(catalog, "Chris has left the company.", automatic=(AutomaticMark.AUTO_REPLIED,))
    assert (kind_of(signal), signal.evidence.confidence) == ("bounce", Confidence.LIKELY)


def test_robots_without_marks_and_until_when(catalog: Catalog) -> None:
    signal = read(catalog, "This is an automatic reply. I am out of the office until 5 May.")
    assert isinstance(signal, AutoReply)
    assert signal.until is not None
    assert signal.until.date().isoformat() == "2026-05-05"


def test_long_texts_lists_and_instructions_are_no_requests(catalog: Catalog) -> None:
    long = "We went to the fair and saw many machines there. " * 20 + "Please remove me from your mailing list."
    assert isinstance(read(catalog, long), HumanReply)
    assert (
        classify(
            said("Could you take me off your mailing list, we grow no fruit", automatic=(AutomaticMark.MAILING_LIST,)),
            PROVEN,
            None,
            catalog,
        )
        == ()
    )
    assert isinstance(read(catalog, "To unsubscribe from this list click here"), HumanReply)


def test_advertising_is_nothing(catalog: Catalog) -> None:
    assert classify(said("Get to page one of Google, reply for a free audit"), PROVEN, None, catalog) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Please pause until June", "pause"), ("Delete all my personal data", "erase"), ("Hm?", "unsubscribe")],
)
def test_words_at_the_unsubscribe_address(catalog: Catalog, text: str, kind: str) -> None:
    assert kind_of(classify(said(text), PROVEN, Role.UNSUBSCRIBE, catalog)[0]) == kind


def test_every_step_is_shown(catalog: Catalog) -> None:
    steps = explain(said("Please do not unsubscribe me"), PROVEN, None, catalog)
    shown = {step.name for step in steps}
    assert {"negated", "sure phrase", "verdict: reply"} <= shown
    assert all(step.points == WEIGHTS[step.name] for step in steps if step.name in WEIGHTS)


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ("Tran Huy <ana@buyer.example>", "Thanks,\nHuy"),
        ("Dung <ana@buyer.example>", "Dung"),
        ('"Stop, Peter" <ana@buyer.example>', "Stop"),
        ("alta.bajas@buyer.example", "Thanks\nAlta"),
        ("ana@buyer.example", "Dear Sir,\nmany thanks,\nAlta"),
    ],
)
def test_a_name_is_no_keyword(catalog: Catalog, sender: str, text: str) -> None:
    signed = mail(WRITTEN, own_text=text, subject="Re: Offer")
    named = replace(signed, headers=Headers(fields=(("From", sender), WRITTEN)))
    assert isinstance(classify(named, PROVEN, None, catalog)[0], HumanReply)


def test_the_name_of_another_is_a_keyword(catalog: Catalog) -> None:
    assert isinstance(read(catalog, "Dear Sir,\nStop"), OptOut)


@pytest.mark.parametrize(
    "text",
    [
        "He died, please don't write to this address",
        "You have the wrong person, please stop sending mails here.",
        "I no longer work for Ellis Imports. Please remove me from your mailing list.",
        "Herr Müller ist verstorben, bitte schreiben Sie nicht mehr an diese Adresse.",
        "张经理已去世，请不要再发邮件到这个地址",
    ],
)
def test_who_is_gone_is_gone_whatever_else_is_asked(catalog: Catalog, text: str) -> None:
    (one,) = classify(said(text), PROVEN, None, catalog)
    assert isinstance(one, OptOut)
    assert (one.manner, one.reason) == (Manner.PERSON_GONE, OptOutReason.LEFT_COMPANY)


def test_who_is_gone_may_be_named_by_the_request(catalog: Catalog) -> None:
    text = "Chris has left the company. Please remove chris@buyer.example from your list."
    (one,) = classify(said(text), PROVEN, None, catalog)
    assert isinstance(one, OptOut)
    assert (one.manner, one.address) == (Manner.PERSON_GONE, key("chris@buyer.example"))


@pytest.mark.parametrize("text", ["Not interested, thanks", "No thanks, not interested."])
def test_a_reason_may_be_a_keyword_too(catalog: Catalog, text: str) -> None:
    assert isinstance(read(catalog, text), OptOut)


def test_whose_news_it_is_keeps_a_request_for_review(catalog: Catalog) -> None:
    signal = read(catalog, "Remove me from your machine newsletter")
    assert isinstance(signal, OptOut)
    assert (signal.evidence.confidence, signal.doubtful) == (Confidence.LIKELY, True)


def test_a_subject_that_begins_like_an_answer_is_none(catalog: Catalog) -> None:
    (one,) = classify(said("", subject="Remove me from your mailing list"), PROVEN, None, catalog)
    assert isinstance(one, OptOut)
    repeated = classify(
        said("", subject="Re: Remove me from your mailing list", subject_repeated=True), PROVEN, None, catalog
    )
    assert not any(isinstance(signal, OptOut) for signal in repeated)
