"""Links that a mail carries: absolute, and signed where they say who may follow them."""

from __future__ import annotations

from itsdangerous import BadSignature, URLSafeSerializer


def public_address(public_url: str, path: str) -> str:
    """Under which browsers reach a path of ours."""
    return public_url.rstrip("/") + path


def sign(purpose: str, told: list[str | int], secret_key: str) -> str:
    """A token for a link, that nobody else can make."""
    text: str = URLSafeSerializer(secret_key, salt=purpose).dumps(told)
    return text


def read_signed(purpose: str, text: str, secret_key: str) -> list[str | int] | None:
    """What was signed for this purpose; None for what we did not sign."""
    try:
        told: list[str | int] = URLSafeSerializer(secret_key, salt=purpose).loads(text)
    except BadSignature:
        return None
    return told
