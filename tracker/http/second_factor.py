"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for the day the phone is gone.

The app's secret is kept encrypted with a key made from the installation's secret key, so that a copy of the database alone
makes no codes.  Recovery codes are 80 random bits and kept as hashes; each works once, as does each code.  Nothing here
commits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, or_, select, update

from tracker import tables as t
from tracker.clock import SECOND, Instant

ISSUER = "Kunderejse"
STEP = 30 * SECOND
RECOVERY_CODES = 10

c = t.users.c


def new_secret() -> str:
    """For an app; base32."""
    return pyotp.random_base32()


def encrypt(secret: str, secret_key: str) -> str:
    return _box(secret_key).encrypt(secret.encode()).decode()


def decrypt(kept: str, secret_key: str) -> str | None:
    """None when the installation's secret key is another than it was: only recovery codes help then."""
    try:
        return _box(secret_key).decrypt(kept.encode()).decode()
    except InvalidToken:
        return None


def _box(secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.digest(secret_key.encode(), b"second factor at rest", "sha256")))


def qr_code(secret: str, email: str) -> str:
    """What an app scans, as the address of an image."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    address: str = segno.make(uri, error="m").svg_data_uri(scale=5, border=3, light="#fff", xmldecl=False)
    return address


def step_of(secret: str, code: str, now: Instant) -> int | None:
    """The half minute whose code this is; one to either side will do, since clocks differ.  None: it is none of them."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdecimal() and len(digits) == 6):
        return None
    totp, this = pyotp.TOTP(secret), now // STEP
    return next((step for step in (this, this - 1, this + 1) if hmac.compare_digest(totp.generate_otp(step), digits)), None)


def check(db: Connection, user_id: int, code: str, secret_key: str, now: Instant) -> bool:
    """Whether it is a code of the app or a recovery code; it is used up then."""
    row = db.execute(select(c.totp_secret, c.recovery_codes).where(c.user_id == user_id).with_for_update()).one()
    secret = decrypt(row.totp_secret, secret_key) if row.totp_secret else None
    step = step_of(secret, code, now) if secret else None
    if step is not None:
        later = or_(c.totp_step.is_(None), c.totp_step < step)
        return bool(db.execute(update(t.users).where(c.user_id == user_id, later).values(totp_step=step)).rowcount)
    left, used = list(row.recovery_codes or ()), _hash(code)
    if used not in left:
        return False
    left.remove(used)
    db.execute(update(t.users).where(c.user_id == user_id).values(recovery_codes=left))
    return True


def turn_on(db: Connection, user_id: int, secret: str, step: int, secret_key: str) -> list[str]:
    """With the code of `step`, which has shown that the app has the secret; the recovery codes."""
    db.execute(update(t.users).where(c.user_id == user_id).values(totp_secret=encrypt(secret, secret_key), totp_step=step))
    return renew_recovery_codes(db, user_id)


def turn_off(db: Connection, user_id: int) -> None:
    db.execute(update(t.users).where(c.user_id == user_id).values(totp_secret=None, totp_step=None, recovery_codes=None))


def renew_recovery_codes(db: Connection, user_id: int) -> list[str]:
    """Shown once; those before are void."""
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    db.execute(update(t.users).where(c.user_id == user_id).values(recovery_codes=[_hash(code) for code in codes]))
    return codes


def count_recovery_codes(db: Connection, user_id: int) -> int:
    return len(db.execute(select(c.recovery_codes).where(c.user_id == user_id)).scalar() or ())


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[i : i + 4] for i in range(0, 16, 4))


def _hash(code: str) -> str:
    """Of the letters and digits alone: people leave out hyphens."""
    return hashlib.sha256("".join(sign for sign in code.lower() if sign.isalnum()).encode()).hexdigest()
