"""How often somebody may try to log in.

Counted in this process: with several web processes the limits hold for each of them.  Attempts that succeed are forgiven.
"""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

_PER_ADDRESS_AND_EMAIL = RateLimitItemPerMinute(5, 15)
_PER_ADDRESS = RateLimitItemPerMinute(30, 15)  # an office behind one address
_PER_EMAIL = RateLimitItemPerHour(30)  # guesses from many addresses; wide, so that nobody locks somebody else out for long


class LoginThrottle:
    """Ask `allow` before looking at the password, `forgive` after a right one."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def allow(self, address: str, email: str) -> bool:
        """Counts this attempt.  All limits are asked, so that an attempt refused by one still counts for the others."""
        allowed = [self._limiter.hit(item, *names) for item, names in self._limits(address, email)]
        return all(allowed)

    def forgive(self, address: str, email: str) -> None:
        item, names = self._limits(address, email)[0]
        self._limiter.clear(item, *names)

    @staticmethod
    def _limits(address: str, email: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        email = email.strip().lower()[:254]
        return [
            (_PER_ADDRESS_AND_EMAIL, ("login", address, email)),
            (_PER_ADDRESS, ("login address", address)),
            (_PER_EMAIL, ("login e-mail", email)),
        ]
