"""The token id of a letter, made from its dedupe key alone: a retried letter is the same mail, told by the same id."""

import base64
import hashlib


def letter_token_id(dedupe_key: str) -> str:
    """13 lower-case base32 characters (64 bits), the same for the same key always."""
    digest = hashlib.sha256(dedupe_key.encode("utf-8")).digest()
    return base64.b32encode(digest[:8]).decode("ascii").rstrip("=").lower()
