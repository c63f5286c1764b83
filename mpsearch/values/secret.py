"""Passwords in URLs: never shown, never written."""

import re
from typing import Final
from urllib.parse import quote, unquote

#: What stands in the place of a password.
HIDDEN: Final = "***"

# user:password@ before the host; the password may hold an unquoted @.
_IN_HOST: Final = re.compile(r"(://[^:/?#]*:)(.*)(@)", re.DOTALL)
_IN_QUERY: Final = re.compile(r"([?&][^=&]*(?:pass|pwd|token|secret)[^=&]*=)([^&]*)", re.IGNORECASE)


def masked(url: str) -> str:
    """*url* with ``***`` for every password in it."""
    hidden = _IN_HOST.sub(rf"\g<1>{HIDDEN}\g<3>", url)
    return _IN_QUERY.sub(rf"\g<1>{HIDDEN}", hidden)


def without_secrets(text: str, url: str) -> str:
    """*text* in which no password of *url* is left, as it stands there, decoded or encoded."""
    secrets = {match[2] for pattern in (_IN_HOST, _IN_QUERY) for match in pattern.finditer(url)}
    plain = set(map(unquote, secrets))
    written = {*secrets, *plain, *(quote(secret, safe="") for secret in plain)} - {"", HIDDEN}
    for secret in sorted(written, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text
