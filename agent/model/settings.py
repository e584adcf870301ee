"""Every setting: its type, its bounds, its default and one line why. The reference page is made from here."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Annotated, Literal

from agent.model.mail import Role
from agent.model.policy_settings import BounceEvidence as BounceEvidence
from agent.model.policy_settings import PolicySettings as PolicySettings
from agent.model.setting import Natural, Port, Positive, doc


class TlsMode(Enum):
    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"  # loopback only


class After(Enum):
    """What is done to a mail in the mailbox once it is safely stored here."""

    LEAVE = "leave"
    FLAG = "flag"
    MOVE = "move"


class LogLevel(Enum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who writes to the buyers; every letter carries it."""

    company: Annotated[str, doc("the company's name, as buyers know it")]
    postal_address: Annotated[str, doc("one line; the law of many countries wants it in every mail")]
    contact: Annotated[str, doc("an address that a person reads")]
    domains: Annotated[tuple[str, ...], doc("our own domains; people there are never suppressed")]
    language: Annotated[str, doc("language of letters when the person's is unknown")] = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where the two files lie."""

    directory: Annotated[str, doc("optoutd.db: mail, events, states; readable by the daemon alone")] = (
        "/var/lib/optoutd"
    )
    public_directory: Annotated[str, doc("suppression.db: the list other programs read")] = "/var/lib/optoutd-public"
    busy_seconds: Annotated[Positive, doc("how long to wait for another writer")] = 30
    free_bytes: Annotated[Natural, doc("below this much free disk, mail is deferred with 452")] = 200_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Our addresses by role. Tokenised ones (u..., b..., r..., f..., c...) are accepted at `token_domain`."""

    unsubscribe: Annotated[tuple[str, ...], doc("mail to these is an opt-out")] = ()
    bounce: Annotated[tuple[str, ...], doc("return paths")] = ()
    reply: Annotated[tuple[str, ...], doc("where buyers answer")] = ()
    complaint: Annotated[tuple[str, ...], doc("registered for feedback loops")] = ()
    complaint_proof: Annotated[
        Literal["either", "both"], doc("both where they are published as CFBL-Address: reporter and our token")
    ] = "either"
    token_domain: Annotated[str, doc("domain of minted addresses; empty: no tokens in addresses")] = ""

    def of(self, role: Role) -> tuple[str, ...]:
        """The plain addresses of a role."""
        return {
            Role.UNSUBSCRIBE: self.unsubscribe,
            Role.BOUNCE: self.bounce,
            Role.REPLY: self.reply,
            Role.COMPLAINT: self.complaint,
        }[role]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """The key ring for minted addresses (docs: how-to/tokens.md)."""

    key_file: Annotated[str, doc("key ring; empty: `token.keys` beside optoutd.db, made at the first start")] = ""
    bounce_days: Annotated[Positive, doc("how long a return path proves a bounce")] = 90
    confirm_days: Annotated[Positive, doc("how long the way back in a START letter works")] = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """The SMTP listener; off while `listen` is empty."""

    listen: Annotated[tuple[str, ...], doc('for example ["127.0.0.1:2525"] behind Postfix, or ["0.0.0.0:25"]')] = ()
    hostname: Annotated[str, doc("name in the greeting; empty: this machine's")] = ""
    tls_cert: Annotated[str, doc("PEM file; with tls_key switches STARTTLS on")] = ""
    tls_key: Annotated[str, doc("PEM file")] = ""
    connections: Annotated[Positive, doc("at once, all peers")] = 200
    connections_per_network: Annotated[Positive, doc("at once, from one IPv4 /24 or IPv6 /64")] = 20
    session_seconds: Annotated[Positive, doc("the longest a connection may live")] = 900
    idle_seconds: Annotated[Positive, doc("the longest silence")] = 300
    errors: Annotated[Positive, doc("mistakes before a connection is closed with 421")] = 8
    drain_seconds: Annotated[Positive, doc("at a stop, how long running mails may finish")] = 30
    trusted_relays: Annotated[
        tuple[str, ...], doc("own relay in front: the addresses it comes from, and its host name as Received shows it")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAccount:
    """One mailbox folder to read; any number of them."""

    name: Annotated[str, doc("how logs and references call it; never change it later")]
    host: Annotated[str, doc("IMAP server")]
    user: Annotated[str, doc("login")]
    role: Annotated[Role, doc("what mail in it is for, when its recipient address does not say")] = Role.REPLY
    port: Annotated[Port, doc("993 for implicit TLS")] = 993
    tls: Annotated[TlsMode, doc("implicit, or none on loopback")] = TlsMode.IMPLICIT
    ca_file: Annotated[str, doc("extra trust anchor, PEM; empty: the system's")] = ""
    password: Annotated[str, doc("better: password_file, or a systemd credential imap.NAME.password")] = field(
        default="", repr=False
    )
    password_file: Annotated[str, doc("file holding the password")] = ""
    folder: Annotated[str, doc("folder to read")] = "INBOX"
    junk_folder: Annotated[str, doc("also read, with stricter evidence; empty: not")] = ""
    after: Annotated[After, doc("leave, flag or move once a mail is stored here")] = After.LEAVE
    move_to: Annotated[str, doc("target folder when after = move")] = "optoutd"
    since: Annotated[datetime | None, doc("only mail from this time on; default: the first start")] = None
    authserv_id: Annotated[str, doc("the id your provider writes into Authentication-Results; empty: trust none")] = ""
    trusted_relays: Annotated[tuple[str, ...], doc("host names of your own relay, as Received headers show them")] = ()
    poll_seconds: Annotated[Positive, doc("look at least this often, beside IDLE")] = 300
    message_bytes: Annotated[Positive, doc("larger mail is read by its first 256 KB only")] = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """The SMTP server that takes our letters."""

    host: Annotated[str, doc("empty: letters are written but wait")] = ""
    port: Annotated[Port, doc("587 with starttls, 465 with implicit, 25 on loopback")] = 587
    tls: Annotated[TlsMode, doc("starttls, implicit, or none on loopback without a password")] = TlsMode.STARTTLS
    ca_file: Annotated[str, doc("extra trust anchor, PEM; empty: the system's")] = ""
    user: Annotated[str, doc("login; empty: none")] = ""
    password: Annotated[str, doc("better: password_file, or a systemd credential relay.password")] = field(
        default="", repr=False
    )
    password_file: Annotated[str, doc("file holding the password")] = ""
    seconds: Annotated[Positive, doc("the longest one delivery may take")] = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimSettings:
    """Signatures (DKIM) on the mail that comes in, and our own on mail that comes back."""

    verify: Annotated[bool, doc("check signatures ourselves, where no trusted Authentication-Results says it")] = True
    resolver: Annotated[tuple[str, ...], doc("addresses of DNS servers to ask; empty: the system's")] = ()
    seconds: Annotated[Positive, doc("the longest one look-up may take")] = 3
    own: Annotated[
        tuple[str, ...],
        doc('keys that sign our mail: ["mail._domainkey.example.com /etc/optoutd/mail.txt"], record or public key'),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSettings:
    """Our own letters: who they are from and how many there may be."""

    from_address: Annotated[str, doc("From; empty: identity.contact")] = ""
    reply_to: Annotated[str, doc("where START goes; empty: the first reply address")] = ""
    envelope_from: Annotated[str, doc("fixed envelope sender; empty: a token address, else the login, else <>")] = ""
    max_age_hours: Annotated[Positive, doc("mail older than this is obeyed, not answered")] = 24
    per_hour: Annotated[Positive, doc("all letters")] = 60
    per_domain_hour: Annotated[Positive, doc("to one domain")] = 20
    address_hours: Annotated[Positive, doc("one automatic letter to an address in this time")] = 24
    confirmation_days: Annotated[Positive, doc("no second opt-out confirmation in this time")] = 30
    retry_days: Annotated[Positive, doc("how long a letter is tried; a confirmation is dropped at max_age_hours")] = 5
    dkim_key_file: Annotated[
        str, doc("private key (RSA, PEM) that signs the letters; empty: the relay signs, or nobody")
    ] = ""
    dkim_selector: Annotated[str, doc("where its public key stands: SELECTOR._domainkey.DOMAIN")] = ""
    dkim_domain: Annotated[str, doc("the signing domain; empty: that of the letters' From")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesSettings:
    """Your own rules beside those of the package (docs: how-to/rules.md)."""

    extra: Annotated[str, doc('a directory of rule files, for example "/etc/optoutd/rules.d"; empty: none')] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on hostile input."""

    message_bytes: Annotated[Positive, doc("larger mail is refused (SMTP 552)")] = 10_000_000
    header_bytes: Annotated[Positive, doc("a larger header block is set aside")] = 65_536
    header_lines: Annotated[Positive, doc("more header lines are set aside")] = 500
    mime_parts: Annotated[Positive, doc("more parts are set aside")] = 80
    text_chars: Annotated[Positive, doc("text that is read")] = 65_536
    received_hops: Annotated[Positive, doc("Received lines that make a loop")] = 30
    reader_cpu_seconds: Annotated[Positive, doc("CPU time of the reader for one mail")] = 2
    reader_seconds: Annotated[Positive, doc("time of the reader for one mail")] = 20
    reader_memory_bytes: Annotated[Positive, doc("address space of the reader")] = 1_500_000_000
    attempts: Annotated[Positive, doc("tries before a mail is set aside")] = 3
    batch: Annotated[Positive, doc("mails taken at once")] = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is kept."""

    raw_days: Annotated[Positive, doc("mail as received")] = 30
    quarantine_days: Annotated[Positive, doc("mail that was set aside")] = 90
    letter_days: Annotated[Positive, doc("our own letters as they went out, for `optoutd evidence`")] = 1095


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSettings:
    """Your own report of what happened."""

    to: Annotated[str, doc("your own address: where the report goes; empty: nowhere")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """/metrics for Prometheus and /healthz, for programs on this machine alone (docs: reference/metrics.md)."""

    listen: Annotated[
        str, doc('for example "127.0.0.1:9464" or "unix:/run/optoutd/metrics.sock"; empty: nothing is opened')
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """JSON lines on standard error; addresses are masked above debug."""

    level: Annotated[LogLevel, doc("debug, info, warning or error; debug shows addresses")] = LogLevel.INFO


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration."""

    identity: Identity
    store: StoreSettings = StoreSettings()
    addresses: Addresses = Addresses()
    tokens: TokenSettings = TokenSettings()
    smtp: SmtpSettings = SmtpSettings()
    imap: tuple[ImapAccount, ...] = field(default=())
    relay: RelaySettings = RelaySettings()
    dkim: DkimSettings = DkimSettings()
    letters: LetterSettings = LetterSettings()
    policy: PolicySettings = field(default=PolicySettings())
    rules: RulesSettings = RulesSettings()
    limits: Limits = Limits()
    retention: Retention = Retention()
    digest: DigestSettings = DigestSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()


def without_secrets(settings: Settings) -> Settings:
    """The same settings with every password taken out: fit for a log, a pipe, a report."""
    accounts = tuple(replace(account, password="") for account in settings.imap)
    return replace(settings, imap=accounts, relay=replace(settings.relay, password=""))
