"""All that can be proven about one mail, in one Proof; what two parsers could read differently proves nothing."""

import re
from dataclasses import replace

from agent.model.mail import Door, ParsedMail, RawMessage, Token, TokenText
from agent.model.proof import Proof
from agent.model.settings import ImapAccount, Settings
from agent.trust.relay import made_by
from agent.trust.results import Verdict, judge
from agent.trust.tokens import KeyRing, verify

MAX_TOKENS = 64  # a hostile mail may carry thousands
MAX_HEAD_BYTES = 262_144

_HOMELESS = frozenset({"subject", "envelope-id"})
_LONE_CR = re.compile(rb"\r(?!\n)")
_LONE_LF = re.compile(rb"(?<!\r)\n")


def assess(mail: ParsedMail, message: RawMessage, settings: Settings | None, ring: KeyRing | None) -> Proof:
    """The proof of one mail. Tokens prove themselves; the rest needs exactly one From and unbroken header lines."""
    tokens = _tokens(mail, settings, ring)
    doubts = _doubts(mail, message.raw)
    if doubts:
        return Proof(tokens=tokens, why=doubts)
    account = _account(message, settings)
    verdict = judge(mail.authentication, account.authserv_id, mail.sender) if account else Verdict()
    own_relay = account is not None and made_by(mail, account.trusted_relays)
    return Proof(
        tokens=tokens,
        authenticated=verdict.authenticated,
        signers=verdict.signers,
        own_relay=own_relay,
        why=tuple(filter(None, (verdict.why, "own relay" if own_relay else ""))),
    )


def _account(message: RawMessage, settings: Settings | None) -> ImapAccount | None:
    """The mailbox the mail was read from: only there a server of ours wrote the topmost fields."""
    if settings is None or message.source.door is not Door.IMAP:
        return None
    return next((account for account in settings.imap if account.name == message.source.account), None)


def _tokens(mail: ParsedMail, settings: Settings | None, ring: KeyRing | None) -> tuple[Token, ...]:
    if ring is None:
        return ()
    own = settings.addresses.token_domain if settings else ""
    texts = (reading for text in mail.tokens[:MAX_TOKENS] for reading in _readings(text, own))
    found = (verify(ring, text) for text in texts)
    return tuple(dict.fromkeys(token for token in found if token is not None))


def _readings(text: TokenText, own: str) -> tuple[TokenText, ...]:
    """A token in a Subject or an envelope id stands beside no domain of its own; it can only be of ours."""
    return (text, replace(text, domain=own)) if text.place in _HOMELESS else (text,)


def _doubts(mail: ParsedMail, raw: bytes) -> tuple[str, ...]:
    """Why nothing but a token can be believed: RFC 5322 section 3.6 wants exactly one From and section 2.2 no bare CR
    or LF; where these are broken, the signer, the server and this program may have read different mails.
    """
    doubts = []
    if len(mail.headers.all("From")) != 1:
        doubts.append("not exactly one From field")
    head = raw[:MAX_HEAD_BYTES].partition(b"\r\n\r\n")[0]
    # A file or a local delivery may end all its lines with LF alone; only a mixture reads two ways.
    if _LONE_CR.search(head) or (b"\r\n" in head and _LONE_LF.search(head)):
        doubts.append("bare CR or LF in the header block")
    return tuple(doubts)
