"""Time of the event loop that a test moves by hand: limits run out at once, and nobody waits for them."""

import asyncio


class JumpingTime:
    """Adds to what the running loop believes the time to be."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        real = loop.time
        self._ahead = 0.0
        loop.time = lambda: real() + self._ahead  # type: ignore[method-assign] # the one seam asyncio has

    def jump(self, seconds: float) -> None:
        """All that was due within these seconds is due now."""
        self._ahead += seconds
