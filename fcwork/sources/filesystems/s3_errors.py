"""What a store of S3's kind says when it does not do what was asked, and what to do then."""

from __future__ import annotations

import errno

import aiohttp
from botocore import exceptions
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from fcwork.errors import SourceError
from fcwork.sources.filesystems.terms import S3Terms

_KEYS = "see to access_key_id and secret_access_key of the connection, or to the AWS_* variables"
_REGION = "set region, and endpoint_url where the store is not Amazon's own"
_CREDENTIALS = {
    "InvalidAccessKeyId": ("does not know the access key", _KEYS),
    "SignatureDoesNotMatch": ("does not take the secret access key", _KEYS),
    "ExpiredToken": ("says that the session token has expired", "sign in again, and set the new credentials"),
    "InvalidToken": ("does not take the session token", "set the one that belongs to the access key, or none"),
    "TokenRefreshRequired": ("says that the session token has expired", "sign in again, and set the new credentials"),
    "RequestTimeTooSkewed": ("says that the clock of this machine is wrong", "set the time of this machine"),
    "AuthorizationHeaderMalformed": ("does not take the region", _REGION),
    "PermanentRedirect": ("keeps the bucket at another address", _REGION),
    "IllegalLocationConstraintException": ("keeps the bucket in another region", _REGION),
    "InvalidBucketName": ("takes no such bucket name", "see to the name of the bucket"),
}
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchUpload", "NotFound"})
_FORBIDDEN = frozenset(
    {"403", "AccessDenied", "AllAccessDisabled", "AccountProblem", "InvalidObjectState", "Forbidden"}
)
_SET_KEYS = (
    "set access_key_id and secret_access_key, or profile, or the AWS_* variables; anonymous = true for public data"
)


def told(error: Exception, terms: S3Terms) -> Exception:
    """Return what to raise: an ``OSError`` about one object, a ``SourceError`` about the place as a whole."""
    if isinstance(error, ClientError):
        return _answered(error, terms)
    where = terms.endpoint_url or "S3"
    if isinstance(error, aiohttp.ClientError | exceptions.IncompleteReadError | exceptions.ResponseStreamingError):
        return ConnectionError(errno.ECONNRESET, f"the connection to {where} broke off")
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError | TimeoutError):
        hint = "is endpoint_url right, does the store run, and may this machine reach it?"
        return SourceError(f"{where} does not answer: {str(error) or 'nothing came'}", hint=hint)
    if isinstance(error, ResponseParserError):
        return _stranger(where)
    if isinstance(error, ValueError):
        hint = "write endpoint_url, or AWS_ENDPOINT_URL, as in https://host:9000"
        return SourceError(f"the bucket {terms.bucket} cannot be reached: {error}", hint=hint)
    return _not_asked(error, terms)


def _not_asked(error: Exception, terms: S3Terms) -> SourceError:
    """Return what to tell of what went wrong before anything was sent."""
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return SourceError(f"there are no credentials for the bucket {terms.bucket}", hint=_SET_KEYS)
    if isinstance(error, exceptions.ProfileNotFound):
        return SourceError(f"there is no AWS profile {terms.profile!r}", hint="aws configure list-profiles names them")
    return SourceError(f"the bucket {terms.bucket} cannot be used: {error}", hint=_SET_KEYS)


def _answered(error: ClientError, terms: S3Terms) -> Exception:
    where = terms.endpoint_url or "S3"
    code, message = str(error.response["Error"].get("Code", "")), str(error.response["Error"].get("Message", ""))
    if code in _CREDENTIALS:
        said, hint = _CREDENTIALS[code]
        return SourceError(f"{where} {said}: {code}", hint=hint)
    if code == "NoSuchBucket":
        hint = "see to the name, and to region and endpoint_url"
        return SourceError(f"there is no bucket {terms.bucket!r} at {where}", hint=hint)
    if code in _MISSING:
        return FileNotFoundError(errno.ENOENT, "there is no such object")
    if code in _FORBIDDEN:
        return PermissionError(errno.EACCES, f"the store does not allow it ({code})")
    if code in {"412", "PreconditionFailed"}:
        return OSError(errno.ESTALE, "it was replaced while it was read; read it again")
    return _stranger(where) if code.isdigit() else OSError(errno.EIO, f"the store said {code}: {message}")


def _stranger(where: str) -> SourceError:
    """Return what to tell of an answer without a code of S3's: it may be that of a proxy, or of a web page."""
    return SourceError(f"{where} does not answer as S3 does", hint="is endpoint_url that of the store itself?")
