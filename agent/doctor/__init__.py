"""The doctor: tries every part of an installation and says of each whether it works, and how to mend it."""

from agent.doctor.checks import examine, without_settings
from agent.doctor.finding import Finding, Level, worst

__all__ = ["Finding", "Level", "examine", "without_settings", "worst"]
