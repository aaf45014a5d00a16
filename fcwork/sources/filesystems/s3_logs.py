"""What the libraries under S3 log at DEBUG, without what signs in: they write each request with its session token."""

from __future__ import annotations

import logging
import os
import re

from fcwork.redact import MASK, mask, register

LIBRARIES = ("aiobotocore", "aiohttp", "boto", "botocore", "fsspec", "s3fs")
_TOKEN = re.compile(r"(x-amz-security-token['\"]?\s*[:=,]\s*b?['\"]?)[^'\"\s&,)]+", re.IGNORECASE)
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


class TokenFilter(logging.Filter):
    """Masks known secrets, and session tokens whatever their value."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's text; never drop it."""
        record.msg, record.args = _TOKEN.sub(rf"\1{MASK}", mask(record.getMessage())), ()
        return True


_FILTER = TokenFilter()


def guard() -> None:
    """Put the filter on the loggers of these libraries, and make the secrets of the environment known."""
    register(*filter(None, map(os.environ.get, _SECRETS)))
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in LIBRARIES:
            logging.getLogger(name).addFilter(_FILTER)  # which it takes once
