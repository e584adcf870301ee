"""What a monitoring asks a running daemon: /metrics and /healthz, off by default, never beyond this machine."""

from agent.metrics.page import Page, Running
from agent.metrics.server import listening

__all__ = ["Page", "Running", "listening"]
