"""The demo's in-process IMAP mailbox, for tests: one user, who knows the password that the door is given."""

from agent.demo.mailbox import Mailbox

USER, PASSWORD = "sales@shop.example", "pw"


def mailbox() -> Mailbox:
    """An empty mailbox; `async with mailbox() as box`."""
    return Mailbox(USER, PASSWORD)
