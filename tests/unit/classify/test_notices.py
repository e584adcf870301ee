"""Failure and delay notices without a report, as mail systems write them; the samples are ours."""

import pytest

from agent.classify import classify
from agent.model.mail import ParsedMail
from agent.model.proof import Proof
from agent.model.signal import AutoReply, Bounce
from agent.rules.catalog import Catalog
from tests.unit.mail.build import read

DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: news@exporter.example\n"
RETURNED = (
    "\nReceived: from a.example by b.example\nFrom: news@exporter.example\nTo: ana@buyer.example\nMessage-ID: <1@x>\n"
)


def parsed(subject: str, text: str, head: str = DAEMON) -> ParsedMail:
    body = text.lstrip("\n")
    return read(f"{head}Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{body}".encode())


def found(catalog: Catalog, mail: ParsedMail) -> list[tuple[str, str, str, bool]]:
    signals = [s for s in classify(mail, Proof(), None, catalog) if isinstance(s, Bounce)]
    return [(str(s.address), s.reason.value, s.status, s.delayed) for s in signals]


QMAIL = """
Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ana@buyer.example>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 <ana@buyer.example>... User Unknown

<eve@buyer.example>:
192.0.2.1 does not like recipient.
Remote host said: 552 5.2.2 <eve@buyer.example>... Mailbox Full

--- Below this line is a copy of the message.
"""
EXIM = """
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ana@buyer.example
    SMTP error from remote mail server after RCPT TO:<ana@buyer.example>:
    host mx.buyer.example [192.0.2.1]: 550 User unknown

------ This is a copy of the message, including all the headers. ------
"""
POSTFIX = """
This is the Postfix program at host mx.example.

For further assistance, please contact <postmaster@mx.example>

<ana@buyer.example>: host mx.buyer.example[192.0.2.1] said: 550
    <ana@buyer.example>: User unknown (in reply to RCPT TO command)
"""
SENDMAIL = """
   ----- Transcript of session follows -----
While talking to mx.buyer.example:
>>> RCPT To:<ana@buyer.example>
<<< 550 <ana@buyer.example>... User unknown
550 <ana@buyer.example>... User unknown

   ----- Unsent message follows -----
"""
GOOGLE = """
Delivery to the following recipient failed permanently:

     ana@buyer.example

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected by the recipient domain. The error that the other
server returned was: 550 550 Unknown recipient (state 14).

   ----- Original message -----
"""
EXCHANGE = """
Your message

  To:      sales@buyer.example
  Subject: Offer

did not reach the following recipient(s):

ana@buyer.example on Fri, 20 Mar 2026 11:08:59 -0700
    The recipient name is not recognized
    MSEXCH:IMS:Example:SITE:HOST 0 (000C05A6) Unknown Recipient
"""
PASTED = """
An error occurred while trying to deliver the mail to the following recipients:
ana@buyer.example

Technical report:

Reporting-MTA: dsn; out.example

Action: failed
Final-Recipient: rfc822; ana@buyer.example
Diagnostic-Code: smtp; 552 5.2.2 Mailbox Full
Status: 5.2.2
"""
IMAIL = "Unknown user: ana@buyer.example\n\n\nOriginal message follows.\n"
INTERSCAN = "Sent <<< RCPT TO:<ana@buyer.example>\nReceived >>> 550 5.1.1 unknown user.\n"
COREMAIL = (
    "到下列地址的信件投递失败\n<ana@buyer.example>\n对方服务器返回错误提示: 550 用户不存在 (in reply to RCPT TO)\n"
)
WRAPPED = "The following mail could not be delivered.\n550 5.1.1 User unknown\n\n--- Original message ---\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (QMAIL, [("ana", "user_unknown", "5.1.1"), ("eve", "mailbox_full", "5.2.2")]),
        (EXIM, [("ana", "user_unknown", "5.0.0")]),
        (POSTFIX, [("ana", "user_unknown", "5.0.0")]),
        (SENDMAIL, [("ana", "user_unknown", "5.0.0")]),
        (GOOGLE, [("ana", "user_unknown", "5.0.0")]),
        (EXCHANGE, [("ana", "user_unknown", "")]),
        (PASTED, [("ana", "mailbox_full", "5.2.2")]),
        (IMAIL, [("ana", "user_unknown", "")]),
        (INTERSCAN, [("ana", "user_unknown", "5.1.1")]),
        (COREMAIL, [("ana", "user_unknown", "5.0.0")]),
        (WRAPPED, [("ana", "user_unknown", "5.1.1")]),  # nobody named: the To of the returned mail
    ],
    ids=[
        "qmail",
        "exim",
        "postfix",
        "sendmail",
        "google",
        "exchange",
        "pasted",
        "imail",
        "interscan",
        "coremail",
        "to",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_notices(catalog: Catalog, text: str, expected: list[tuple[str, str, str]], end: str) -> None:
    mail = read(
        f"{DAEMON}Subject: failure notice\nContent-Type: text/plain; charset=utf-8\n\n{text}{RETURNED}".replace(
            "\n", end
        ).encode()
    )
    assert found(catalog, mail) == [(f"{who}@buyer.example", why, status, False) for who, why, status in expected]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Delivery Status Notification (Delay)", "THIS IS A WARNING MESSAGE ONLY.\n\n  ana@buyer.example\n"),
        (
            "Warning: message 1AbC delayed 24 hours",
            "has not yet been delivered:\n\n  ana@buyer.example\n    451 busy\n",
        ),
        ("Mail Delivery Warning", 'Delivery to\n"ana@buyer.example"\nhas been postponed due to a full mailbox.\n'),
        ("Zustellung verzögert", "Ihre Nachricht wurde noch nicht zugestellt an:\n\n  ana@buyer.example\n"),
    ],
)
def test_a_delay_is_no_failure(catalog: Catalog, subject: str, text: str) -> None:
    # hazard D12
    assert [one[3] for one in found(catalog, parsed(subject, text))] == [True]


@pytest.mark.parametrize(
    ("head", "subject", "text"),
    [
        ("From: bob@buyer.example\nTo: news@exporter.example\n", "Re: Offer", "My mail bounced: " + QMAIL),
        (DAEMON, "Offer", "Your friend ana@buyer.example sent you a picture."),
        (DAEMON, "Quota report", "You have used 80 % of your mailbox; ana@buyer.example has used 20 %."),
        (DAEMON + "Content-Type: multipart/report; report-type=disposition-notification\n", "Not read: Offer",
         "Your message to ana@buyer.example could not be delivered, it was deleted unread."),
    ],
    ids=["quoted by a person", "daemon alone", "quota report", "read receipt"],
)  # fmt: skip
def test_what_is_no_notice(catalog: Catalog, head: str, subject: str, text: str) -> None:
    # hazard D14: one mark alone proves nothing
    mail = read(f"{head}Subject: {subject}\n\n{text}".encode())
    assert found(catalog, mail) == []


def test_a_challenge_is_an_answer(catalog: Catalog) -> None:
    head = "From: noreply@boxbe.example\nContent-Type: multipart/report; boundary=b\n"
    body = "\n--b\n\nBob has put ana@buyer.example on a list. Please add yourself to my Boxbe Guest List.\n--b--\n"
    (signal,) = classify(read((head + body).encode()), Proof(), None, catalog)
    assert isinstance(signal, AutoReply)


def test_a_vacation_note_with_a_null_sender_is_no_notice(catalog: Catalog) -> None:
    text = "I am away. Your mail could not be delivered to my phone; write to eve@buyer.example instead."
    head = "Return-Path: <>\nFrom: ana@buyer.example\nTo: news@exporter.example\n"
    assert found(catalog, parsed("Automatic reply: Offer", text, head)) == []
    assert found(catalog, parsed("Re: Offer", text, head + "Auto-Submitted: auto-replied\n")) == []


def test_contacts_and_ourselves_are_not_recipients(catalog: Catalog) -> None:
    text = (
        "Dear news@exporter.example,\nyour message could not be delivered to ana@buyer.example: 550 5.1.1 unknown.\n"
        "For help please contact helpdesk@mx.example or write to\nit@mx.example\n"
    )
    assert [one[0] for one in found(catalog, parsed("Undeliverable: Offer", text))] == ["ana@buyer.example"]


def test_a_mailbox_of_our_own(catalog: Catalog) -> None:
    text = "The following addresses failed:\n\n<news@exporter.example>\n    550 5.1.1 user unknown\n"
    assert [one[0] for one in found(catalog, parsed("Mail delivery failed", text))] == ["news@exporter.example"]


def test_a_user_without_his_domain(catalog: Catalog) -> None:
    """AOL names its own users so."""
    text = "Your mail to the following recipients could not be delivered because they accept no mail:\n\tanabuyer\n"
    mail = parsed("Mail Delivery Problem", text, "From: MAILER-DAEMON@aol.example\nTo: news@exporter.example\n")
    assert [one[0] for one in found(catalog, mail)] == ["anabuyer@aol.example"]


def test_a_report_inside_a_wrapped_notice(catalog: Catalog) -> None:
    inner = (
        "From: MAILER-DAEMON@in.example\nContent-Type: multipart/report; boundary=in\n\n--in\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; in.example\n\n"
        "Final-Recipient: rfc822; ana@buyer.example\nAction: failed\nStatus: 5.1.1\n\n--in--\n"
    )
    outer = (
        "Subject: Returned mail: User unknown\nContent-Type: multipart/mixed; boundary=out\n\n--out\n\n"
        "----- The following addresses had permanent delivery errors -----\n\n--out\n"
        f"Content-Type: message/rfc822\n\n{inner}--out--\n"
    )
    assert found(catalog, read((DAEMON + outer).encode())) == [("ana@buyer.example", "user_unknown", "5.1.1", False)]
    person = "From: bob@buyer.example\nTo: news@exporter.example\n" + outer.replace(
        "Returned mail: User unknown", "Look"
    )
    assert found(catalog, read(person.encode())) == []  # hazard C2: a forged report in what is forwarded
    rule = person.replace("Subject:", "Auto-Submitted: auto-generated\nSubject:")
    assert found(catalog, read(rule.encode())) == [("ana@buyer.example", "user_unknown", "5.1.1", False)]


def test_an_event_as_json(catalog: Catalog) -> None:
    """Amazon SES through SNS, plain and wrapped, with the footer SNS puts below."""
    event = (
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":'
        '"ana@buyer.example","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]}}'
    )
    head = "From: AWS Notifications <no-reply@sns.amazonaws.com>\nTo: news@exporter.example\n"
    wrapped = '{"Type":"Notification","Message":"' + event.replace('"', '\\"') + '"}'
    for text in (event, wrapped):
        mail = parsed("AWS Notification Message", f"{text}\n\n--\nIf you wish to stop receiving notifications", head)
        assert found(catalog, mail) == [("ana@buyer.example", "user_unknown", "5.1.1", False)]
    for text in ("{", '{"bounce": []}', '{"bounce": {"bouncedRecipients": [1, {"emailAddress": "x"}]}}', "{" * 50_000):
        assert found(catalog, parsed("AWS Notification Message", text, head)) == []


def test_a_hostile_notice_is_bounded(catalog: Catalog) -> None:
    for text in ("ana@buyer.example " * 20_000, "original message\n" * 20_000, "<" * 100_000, "a@" * 50_000):
        assert len(found(catalog, parsed("failure notice", f"could not be delivered\n{text}"))) <= 100


def test_a_newsletter_about_notices_is_none(catalog: Catalog) -> None:
    """A mailing list where people write hands on the notices of its members' systems, which are some."""
    text = "Undelivered Mail Returned to Sender\n\nIt says: <ana@buyer.example>: host mx said: 550 5.1.1 User unknown\n"
    head = "From: weekly@mails.example\nTo: news@exporter.example\nList-Unsubscribe: <https://mails.example/u/1>\n"
    subject = "Undelivered Mail Returned to Sender"
    assert not found(catalog, parsed(subject, text, head))
    assert found(catalog, parsed(subject, text, f"{head}List-Post: <mailto:talk@mails.example>\n"))


def test_the_number_of_the_returned_mail_is_nobody(catalog: Catalog) -> None:
    text = (
        "Message delivery has failed.\n\nDetails: Message-ID <1.2@exporter.example>\n\n"
        "The following recipient(s) could not be reached:\n\n\tRecipient: [SMTP:ana@buyer.example]\n"
        "\tReason: Remote SMTP Server Returned: 550 mailbox unavailable or not local\n"
    )
    assert [one[:2] for one in found(catalog, parsed("Message Delivery Failure", text))] == [
        ("ana@buyer.example", "user_unknown")
    ]


def test_an_address_inside_a_web_address_is_nobody(catalog: Catalog) -> None:
    """Phishing dresses as a notice."""
    text = (
        "Delivery of 7 mails failed: your quota is exceeded. See http://verify.example/login?u=ana@buyer.example now."
    )
    assert not found(
        catalog, parsed("Mail delivery failed", text, head="From: it@verify.example\nTo: news@exporter.example\n")
    )
