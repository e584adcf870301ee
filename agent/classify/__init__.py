"""From what a mail is (ParsedMail) and what is proven (Proof) to what it means (Signals)."""

from agent.classify.order import classify
from agent.classify.role import role_of

__all__ = ["classify", "role_of"]
