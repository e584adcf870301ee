"""STARTTLS material: TLS 1.2 or better; a certificate that cannot be read never replaces one that works."""

import ssl
from datetime import UTC, datetime, timedelta

from agent.model.settings import SmtpSettings

SOON = timedelta(days=14)


def load(settings: SmtpSettings) -> ssl.SSLContext | None:
    """A fresh context from the two files, None when none are set; raises OSError (ssl.SSLError is one)."""
    if not settings.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
    context.load_cert_chain(settings.tls_cert, settings.tls_key or None)
    return context


def expires(cert_file: str) -> datetime:
    """The end of a certificate that `load` could read; Python shows it nowhere else without a handshake."""
    found = ssl._ssl._test_decode_cert(cert_file)  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(found["notAfter"]), UTC)
