"""STARTTLS material: TLS 1.2 or better; a certificate that cannot be read never replaces one that works."""

import ssl

from agent.model.settings import SmtpSettings


def load(settings: SmtpSettings) -> ssl.SSLContext | None:
    """A fresh context from the two files, None when none are set; raises OSError (ssl.SSLError is one)."""
    if not settings.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
    context.load_cert_chain(settings.tls_cert, settings.tls_key or None)
    return context
