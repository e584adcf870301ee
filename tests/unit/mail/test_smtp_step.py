"""At which step a mail was refused, in the words of the mailers that say so."""

import pytest

from agent.mail.smtp_step import Step, find_step, implied_step


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("550 no (in reply to RCPT TO command)", Step.RCPT),
        ("550 no (in reply\n    to end of DATA command)", Step.DATA),
        ("421 no (in reply to MAIL FROM command)", Step.MAIL),
        ("host mx.example refused to talk to me: 554", Step.CONNECT),
        ("SMTP error from remote mail server after RCPT TO:<ana@buyer.example>", Step.RCPT),
        ("SMTP error from remote mail server after end of data", Step.DATA),
        ("SMTP error from remote mail server after initial connection", Step.CONNECT),
        ("192.0.2.1 does not like recipient.", Step.RCPT),
        ("Connected to 192.0.2.1 but sender was rejected.", Step.MAIL),
        ("Connected to 192.0.2.1 but my name was rejected.", Step.HELO),
        ("192.0.2.1 failed after I sent the message.", Step.DATA),
        ("550 550 unknown (state 14).", Step.RCPT),
        ("550 550 unknown (state 18).", Step.DATA),
        (">>> MAIL From:<a@b.example>\n<<< 250 ok\n>>> DATA\n<<< 550 no\n>>> QUIT", Step.DATA),
        (">>> RCPT To:<a@b.example>\n<<< 550 no\n>>> DATA\n<<< 503 no", Step.RCPT),
        ("<<< RCPT TO:<a@b.example>\n>>> 550 no", Step.RCPT),
        ("hMailServer sent: RCPT TO:<a@b.example>\nRemote server replied: 550 no", Step.RCPT),
        ("mx.example (reading banner): 554 no", Step.CONNECT),
        ("550 user unknown", Step.UNKNOWN),
        ("", Step.UNKNOWN),
    ],
)
def test_steps(text: str, step: Step) -> None:
    assert find_step(text) is step


@pytest.mark.parametrize(
    "text",
    [
        "550 <a@b.example>: Recipient address rejected: no",
        "5.1.0 - Unknown address error 550-'no'",
        "550 Requested action not taken: mailbox unavailable or not local",
        "ana (user not found)",
    ],
)
def test_what_is_usually_said_at_rcpt(text: str) -> None:
    assert implied_step(text) is Step.RCPT


def test_what_may_be_said_anywhere() -> None:
    assert implied_step("550 no") is Step.UNKNOWN
