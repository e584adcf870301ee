"""The IMAP door: reads a mailbox folder for ever, and touches a mail there only after its bytes are on our disk."""

from agent.intake.imap.account import run
from agent.intake.imap.connection import Timing
from agent.intake.imap.trouble import Alarm, Worry

__all__ = ["Alarm", "Timing", "Worry", "run"]
