"""The order of authority, and what stands below opt-outs in it."""

import pytest

from agent.classify import classify
from agent.model.mail import AutomaticMark, Purpose, Role, Token
from agent.model.proof import Proof
from agent.model.report import Action, Arf, Dsn, RecipientReport
from agent.model.signal import AutoReply, Bounce, Complaint, HumanReply, OptOut, Resubscribe, Strength
from agent.rules.catalog import Catalog
from tests.unit.mails import BUYER, key, mail

CONFIRM = Token(purpose=Purpose.CONFIRM, key_id="k", id="a" * 13, place="subject")
DSN = Dsn(recipients=(RecipientReport(final_recipient="x@gone.example", action=Action.FAILED, status="5.1.1"),))


def kinds(signals: tuple[object, ...]) -> list[type]:
    return [type(signal) for signal in signals]


def test_a_report_is_read_before_its_robot_marks_and_its_words(catalog: Catalog) -> None:
    marks = (AutomaticMark.AUTO_REPLIED, AutomaticMark.REPORT)
    assert kinds(classify(mail(dsn=DSN, own_text="STOP", automatic=marks), Proof(), None, catalog)) == [Bounce]
    both = mail(dsn=DSN, arf=Arf(feedback_type="abuse"))
    assert kinds(classify(both, Proof(), None, catalog)) == [Complaint]


def test_a_report_without_recipients_is_nothing(catalog: Catalog) -> None:
    assert classify(mail(dsn=Dsn(), own_text="STOP"), Proof(), None, catalog) == ()


@pytest.mark.parametrize("report", ["dmarc-aggregate", "tls-report", "xarf:phishing"])
def test_a_report_that_is_no_complaint_is_nothing_at_all(catalog: Catalog, report: str) -> None:
    """Also at the address that people leave by, and whatever its text says."""
    told = mail(other_report=report, own_text="STOP", dsn=DSN, arf=Arf(feedback_type="abuse"))
    assert classify(told, Proof(), Role.UNSUBSCRIBE, catalog) == ()


def test_what_a_click_sends_counts_also_in_the_form_of_a_report(catalog: Catalog) -> None:
    click = Token(purpose=Purpose.UNSUBSCRIBE, key_id="k", id="a" * 13, place="recipient")
    told = mail(other_report="dmarc-aggregate")
    assert kinds(classify(told, Proof(tokens=(click,)), Role.UNSUBSCRIBE, catalog)) == [OptOut]


@pytest.mark.parametrize("text", ["STOP", "unsubscribe", "START", "please remove me from your mailing list"])
def test_words_of_a_robot_are_never_read(catalog: Catalog, text: str) -> None:
    # hazard D8
    for mark in (AutomaticMark.AUTO_SUBMITTED, AutomaticMark.AUTO_REPLIED, AutomaticMark.NULL_SENDER):
        signals = classify(mail(own_text=text, automatic=(mark,)), Proof(), None, catalog)
        assert not {OptOut, Resubscribe} & set(kinds(signals))
    away = mail(subject="Out of office", own_text=text)
    assert kinds(classify(away, Proof(), None, catalog)) == [AutoReply]


def test_auto_replies(catalog: Catalog) -> None:
    generated = (AutomaticMark.AUTO_SUBMITTED,)
    answer = mail(("In-Reply-To", "<1@exporter.example>"), own_text="Ticket 5", automatic=generated)
    assert classify(answer, Proof(), None, catalog)[0].evidence.rule == "header:auto-submitted"
    assert classify(mail(own_text="Report", automatic=generated), Proof(), None, catalog) == ()
    daemon = (AutomaticMark.AUTO_REPLIED, AutomaticMark.DAEMON_SENDER)
    assert classify(mail(own_text="Failure", automatic=daemon), Proof(), None, catalog) == ()
    signal = classify(mail(subject="自动回复: 报价", own_text="您好"), Proof(), None, catalog)[0]
    assert (signal.evidence.rule, signal.answerable) == ("auto_reply:zh.subject", False)


def test_an_ordinary_reply(catalog: Catalog) -> None:
    signals = classify(mail(own_text=" What is\nthe price? "), Proof(authenticated=True), Role.REPLY, catalog)
    assert kinds(signals) == [HumanReply]
    assert signals[0].address == BUYER
    assert signals[0].evidence.excerpt == "What is the price?"
    assert signals[0].evidence.strength is Strength.E2


def test_nothing_readable_and_mail_to_many_are_nothing(catalog: Catalog) -> None:
    assert classify(mail(own_text=" \n"), Proof(), None, catalog) == ()
    for mark in (AutomaticMark.MAILING_LIST, AutomaticMark.PRECEDENCE):
        assert classify(mail(own_text="News", automatic=(mark,)), Proof(), None, catalog) == ()
    assert classify(mail(own_text="News", sender=key("no-reply@shop.example")), Proof(), None, catalog) == ()


def test_a_wish_for_no_answers_is_no_robot(catalog: Catalog) -> None:
    signals = classify(mail(own_text="STOP", automatic=(AutomaticMark.RESPONSE_SUPPRESS,)), Proof(), None, catalog)
    assert kinds(signals) == [OptOut]
    assert not signals[0].answerable


@pytest.mark.parametrize("text", ["START", "恢复", "Возобновить!", "resubscribe"])
def test_start(catalog: Catalog, text: str) -> None:
    # hazard D5
    signals = classify(mail(own_text=text), Proof(), Role.REPLY, catalog)
    assert kinds(signals) == [Resubscribe]
    assert isinstance(signals[0], Resubscribe)
    assert (signals[0].confirmed, signals[0].answerable, signals[0].evidence.strength) == (False, True, Strength.E1)


@pytest.mark.parametrize("text", ["", "START", "yes please"])
def test_the_way_back_of_a_start_letter(catalog: Catalog, text: str) -> None:
    # hazard D5
    proof = Proof(tokens=(CONFIRM,), authenticated=True)
    signals = classify(mail(own_text=text), proof, Role.REPLY, catalog)
    assert isinstance(signals[0], Resubscribe)
    assert (signals[0].confirmed, signals[0].evidence.token) == (True, CONFIRM)
    assert (signals[0].evidence.strength, signals[0].evidence.authenticated) == (Strength.E3, True)


def test_a_robot_confirms_nothing_and_stop_outweighs_a_confirmation(catalog: Catalog) -> None:
    proof = Proof(tokens=(CONFIRM,))
    robot = mail(own_text="START", automatic=(AutomaticMark.AUTO_SUBMITTED,))
    assert classify(robot, proof, Role.REPLY, catalog) == ()
    assert kinds(classify(mail(own_text="STOP"), proof, Role.REPLY, catalog)) == [OptOut]
    elsewhere = Token(purpose=Purpose.CONFIRM, key_id="k", id="a" * 13, place="recipient")
    assert kinds(classify(mail(own_text="Hi"), Proof(tokens=(elsewhere,)), None, catalog)) == [HumanReply]
