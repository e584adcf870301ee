"""What goes on beside mail and letters: the signs of life, and the weekly look at the whole record."""

from agent.upkeep.beats import beat, beat_writer
from agent.upkeep.weekly import Upkeep, look, run

__all__ = ["Upkeep", "beat", "beat_writer", "look", "run"]
