"""How long to wait before the next try: soon for a broken line, hardly ever for a refused password. Pure."""

from dataclasses import dataclass

from agent.intake.imap.trouble import LoginRefused, Mistake

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
MISTAKE_SECONDS = (60.0, 300.0)
# Providers lock an account that logs in wrongly too often: at most four times in the first hour, then hourly.
LOGIN_SECONDS = (60.0, 300.0, 1800.0, 3600.0)


@dataclass(slots=True)
class Backoff:
    """Counts the failures in a row; `healthy` begins anew."""

    failures: int = 0
    refusals: int = 0

    def healthy(self) -> None:
        """A whole round went well."""
        self.failures = self.refusals = 0

    def seconds(self, trouble: BaseException, chance: float) -> float:
        """The wait after this trouble; `chance` in [0, 1) spreads clients that were thrown out together."""
        if isinstance(trouble, Mistake):
            steps = LOGIN_SECONDS if isinstance(trouble, LoginRefused) else MISTAKE_SECONDS
            wait = steps[min(self.refusals, len(steps) - 1)]
            self.refusals += 1
            return wait
        wait = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(self.failures, 20))
        self.failures += 1
        return wait * (0.5 + chance / 2)
