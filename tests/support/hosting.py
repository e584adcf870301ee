"""A hosting provider for tests, of a real Dovecot and a real Postfix: our mailbox, Ann's, and a login to send."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from agent.config import load
from agent.obs.clock import utc_now
from agent.store.public import open_public
from tests.support.dovecot import Dovecot
from tests.support.postfix import Postfix

USER, PASSWORD = "sales@shop.example", "pw"
ANN = "ann@buyer.example"
# What a provider does: no mail for others without a login, the password only under TLS.
_SUBMISSION = """
mynetworks = 192.0.2.0/24
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
"""


@contextmanager
def hosting(said_of: dict[str, str]) -> Iterator[tuple[Dovecot, Postfix]]:
    """The provider at work; `said_of` is its Authentication-Results line for each sender it knows."""
    senders = ", ".join(f"{{ {sender} = PREPEND {words} }}" for sender, words in said_of.items())
    restrictions = (
        f"permit_sasl_authenticated, reject_unauth_destination, check_sender_access inline:{{ {senders} }}, permit,"
    )
    with Dovecot({USER: PASSWORD, ANN: "ann"}) as dovecot:
        extra = _SUBMISSION.format(sasl=dovecot.sasl_port, certificate=dovecot.certificate, key=dovecot.key)
        with Postfix(
            ["shop.example", "buyer.example"], lmtp_port=dovecot.lmtp_port, restrictions=restrictions, extra=extra
        ) as postfix:
            yield dovecot, postfix


def letter(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    """A mail as a person writes it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"], mail["Message-ID"] = utc_now(), f"<{subject.replace(' ', '.')}@{sender.partition('@')[2]}>"
    mail.set_content(text)
    return mail


def listed(config: Path) -> dict[str, str]:
    """The suppression list of this configuration."""
    public = open_public(load(config, {}).settings.store)
    try:
        return {
            str(row[0]): str(row[1]) for row in public.file.connection.execute("SELECT address, state FROM suppressed")
        }
    finally:
        public.close()
