"""What to tell of a file that is no well-formed XML: the line, the column and how to mend it."""

from __future__ import annotations

from xml.parsers.expat import ExpatError, errors

from defusedxml import DefusedXmlException, DTDForbidden

from fcwork.errors import SourceError

_ENCODING = 'give the encoding it has, such as encoding="utf-8" or "cp1252"'
_HINTS = {
    errors.XML_ERROR_SYNTAX: 'is it XML at all? Read it with the format it has, such as format="csv"',
    errors.XML_ERROR_INVALID_TOKEN: "in a text & is written &amp; and < is written &lt;, "
    'and the value of an attribute stands in quotes: name="value"',
    errors.XML_ERROR_TAG_MISMATCH: "close each element by its own name, the innermost one first",
    errors.XML_ERROR_DUPLICATE_ATTRIBUTE: "leave one of the two",
    errors.XML_ERROR_BAD_CHAR_REF: "leave it out: XML knows no such character",
    errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT: "a file is one element: put one around all of them",
    errors.XML_ERROR_MISPLACED_XML_PI: "remove what stands before <?xml, be it a blank line",
    errors.XML_ERROR_UNDEFINED_ENTITY: "write the character, or its number as in &#160;: "
    "only &amp; &lt; &gt; &quot; and &apos; are known by name",
    errors.XML_ERROR_UNBOUND_PREFIX: 'say what the prefix stands for: xmlns:prefix="..." in the outermost element',
    errors.XML_ERROR_UNKNOWN_ENCODING: _ENCODING,
    errors.XML_ERROR_INCORRECT_ENCODING: _ENCODING,
    errors.XML_ERROR_PARTIAL_CHAR: _ENCODING,
}
_CUT_OFF = {
    errors.codes[message]
    for message in (
        errors.XML_ERROR_NO_ELEMENTS,
        errors.XML_ERROR_UNCLOSED_TOKEN,
        errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        errors.XML_ERROR_PARTIAL_CHAR,
    )
}
_ASCII = range(128)


def told(error: ExpatError, *, within: str, byte: int | None, uri: str) -> SourceError:
    """Return what to tell where the parser stopped.

    Args:
        error: the parser's own.
        within: the innermost open element, if any is.
        byte: the one it stopped at, if that is still there.
        uri: the file.
    """
    what, where = errors.messages[error.code], f"line {error.lineno:,}, column {error.offset + 1:,}"
    hint = _HINTS.get(what, "mend it there")
    if error.code in _CUT_OFF:
        what = f"it ends before {within} is closed" if within else "it ends before its first element"
        hint = "is it cut off? Fetch it again"
    elif what == errors.XML_ERROR_INVALID_TOKEN and byte is not None and (byte not in _ASCII or not byte):
        what, hint = f"byte 0x{byte:02x} is not of its encoding", _ENCODING
    elif what == errors.XML_ERROR_TAG_MISMATCH:
        what = f"this does not close {within}, which is open"
    return SourceError(f"{uri} is no XML: {where}: {what}", hint=hint, uri=uri, format="xml", line=error.lineno)


def refused(error: DefusedXmlException, *, line: int, uri: str) -> SourceError:
    """Return what to tell of a file that declares what could be turned against its reader."""
    html = isinstance(error, DTDForbidden) and str(error.name).lower() == "html"
    return SourceError(
        f"line {line:,} of {uri} has a DOCTYPE, which is refused: one can make a file grow without end, or read others",
        hint="it is a web page, of a login or an error maybe: fetch the file itself"
        if html
        else "remove it, and write out the entities that it declares",
        uri=uri,
        format="xml",
        line=line,
    )


def encoding(error: Exception, uri: str) -> SourceError:
    """Return what to tell of a file that declares an encoding that the parser cannot read."""
    return SourceError(f"{uri} declares an encoding that is not read: {error}", hint=_ENCODING, uri=uri, format="xml")
