"""The operator's own mail: the digest, at most once a day, and alerts for what cannot wait."""

from agent.digest.send import Desk, post, run

__all__ = ["Desk", "post", "run"]
