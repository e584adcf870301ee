"""The SMTP door: 250 is said only after the bytes are on disk, and nothing a peer does costs more than its limits."""

from agent.intake.smtp.listener import Listener, run
from agent.intake.smtp.sockets import ListenError, inherited

__all__ = ["ListenError", "Listener", "inherited", "run"]
