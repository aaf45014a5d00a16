"""Signatures that a lenient reader of PKCS#1 would believe, each class made by hand."""

import base64
import hashlib
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from forging import PREFIX, Pair, pair, root

from fcwork.errors import InvalidSignatureError, MalformedSignatureError, WebhookError
from fcwork.webhooks import load_key, verify_signature

RAW = b'{"id":"1","name":"OrderCreated"}'
DIGEST = hashlib.sha512(RAW).digest()
OID = bytes.fromhex("0609608648016503040203")
NULL = bytes.fromhex("0500")
SIZES = (1_024, 2_048, 3_072, 4_096, 8_192)
FORMS: tuple[Callable[[Pair], str | bytes], ...] = (lambda key: key.pem, lambda key: key.der, lambda key: key.bare)
OTHER_HASHES = {
    "sha1": "3021300906052b0e03021a05000414",
    "sha224": "302d300d06096086480165030402040500041c",
    "sha256": "3031300d060960864801650304020105000420",
    "sha384": "3041300d060960864801650304020205000430",
    "sha3_512": "3051300d060960864801650304020a05000440",
    "md5": "3020300c06082a864886f70d020505000410",
}


def tlv(tag: int, value: bytes) -> bytes:
    """Return one value of DER."""
    return bytes([tag, len(value)]) + value


def info(algorithm: bytes = OID + NULL, digest: bytes = DIGEST, more: bytes = b"") -> bytes:
    """Return what stands behind the padding."""
    return tlv(0x30, tlv(0x30, algorithm) + tlv(0x04, digest) + more)


def long_length(tag: int, value: bytes, form: int) -> bytes:
    """Return a value whose length is written longer than DER allows; form 0 leaves it open."""
    if form == 0:
        return bytes([tag, 0x80]) + value + b"\0\0"
    return bytes([tag, 0x80 + form]) + len(value).to_bytes(form, "big") + value


def wrong_infos() -> Iterator[tuple[str, bytes]]:
    """Yield what a parser might take for the right hash."""
    inner, hashed = tlv(0x30, OID + NULL), tlv(0x04, DIGEST)
    yield "missing NULL", info(OID)
    yield "NULL with content", info(OID + b"\5\1\0")
    yield "NULL written long", info(OID + b"\5\x81\0")
    yield "two NULLs", info(OID + NULL + NULL)
    yield "a boolean for NULL", info(OID + b"\1\1\xff")
    yield "an empty list for NULL", info(OID + b"\x30\0")
    yield "garbage in the parameters", info(OID + tlv(0x04, b"\xaa" * 20))
    yield "no algorithm", tlv(0x30, hashed)
    yield "empty algorithm", info(b"")
    yield "two algorithms", tlv(0x30, inner + inner + hashed)
    yield "swapped", tlv(0x30, hashed + inner)
    yield "no list around it", inner + hashed
    yield "a set for the list", tlv(0x31, inner + hashed)
    yield "one more value inside", info(more=NULL)
    yield "one more value behind", info() + NULL
    yield "zeros behind", info() + b"\0" * 8
    yield "no hash", tlv(0x30, inner)
    yield "empty hash", info(digest=b"")
    yield "hash cut off", info(digest=DIGEST[:-1])
    yield "hash cut to a quarter", info(digest=DIGEST[:16])
    yield "hash with a zero before", info(digest=b"\0" + DIGEST)
    yield "hash with a zero behind", info(digest=DIGEST + b"\0")
    yield "hash in a bit string", tlv(0x30, inner + tlv(0x03, b"\0" + DIGEST))
    yield "hash of another body", info(digest=hashlib.sha512(RAW + b"\n").digest())
    yield "hash alone", DIGEST
    yield "the body itself", RAW
    yield "nothing", b""
    for form in (0, 1, 2, 3, 4):
        yield f"outer length in form {form}", long_length(0x30, inner + hashed, form)
        yield f"algorithm's length in form {form}", tlv(0x30, long_length(0x30, OID + NULL, form) + hashed)
        yield f"OID's length in form {form}", tlv(0x30, tlv(0x30, long_length(0x06, OID[2:], form) + NULL) + hashed)
        yield f"hash's length in form {form}", tlv(0x30, inner + long_length(0x04, DIGEST, form))
    for name, prefix in OTHER_HASHES.items():
        yield f"hash by {name}", bytes.fromhex(prefix) + hashlib.new(name, RAW).digest()
        yield f"{name} named, SHA-512 used", bytes.fromhex(prefix)[:-1] + b"\x40" + DIGEST
        yield f"SHA-512 named, {name} used", info(digest=hashlib.new(name, RAW).digest())
    for place in range(len(PREFIX["SHA512withRSA"])):
        for bit in range(8):
            changed = bytearray(info())
            changed[place] ^= 1 << bit
            yield f"bit {bit} of byte {place} flipped", bytes(changed)


def wrong_blocks(key: Pair) -> Iterator[tuple[str, bytes]]:
    """Yield blocks whose padding is not the one that there is."""
    right, size = info(), key.size
    block = key.padded(right)
    start = size - len(right)
    for length in (0, 1, 7, 8):
        short = b"\0\1" + b"\xff" * length + b"\0" + right
        yield f"{length} bytes of padding, garbage behind", short + b"\x5a" * (size - len(short))
        yield f"{length} bytes of padding, zeros behind", short.ljust(size, b"\0")
        yield f"{length} bytes of padding, zeros before", short.rjust(size, b"\0")
    for value in (b"\0", b"\xfe", b"\x7f"):
        for place in (2, 9, start // 2, start - 2):
            yield f"padding byte {place} is {value!r}", block[:place] + value + block[place + 1 :]
        yield f"all padding is {value!r}", b"\0\1" + value * (start - 3) + b"\0" + right
    for kind in (0, 2, 0xFF):
        yield f"block type {kind}", b"\0" + bytes([kind]) + block[2:]
    for end in (1, 0xFF):
        yield f"the padding ends in {end}", block[: start - 1] + bytes([end]) + block[start:]
    yield "no end of the padding", b"\0\1" + b"\xff" * (start - 2) + right
    yield "the body's hash with the trailer of X9.31", b"\x6b" + b"\xbb" * (size - 68) + b"\xba" + DIGEST + b"\x35\xcc"
    yield "only padding", b"\0\1" + b"\xff" * (size - 3) + b"\0"
    yield "all zero", b"\0" * size
    for place in (start, start + 19, size - 64, size - 1):
        for bit in (0, 7):
            changed = bytearray(block)
            changed[place] ^= 1 << bit
            yield f"bit {bit} of byte {place - size} flipped", bytes(changed)
    for name, wrong in wrong_infos():
        yield name, key.padded(wrong)


def twisted(key: Pair) -> Iterator[tuple[str, bytes]]:
    """Yield numbers made of a right signature, and numbers that are none."""
    right, modulus, size = key.sign(RAW), key.modulus, key.size
    number = int.from_bytes(right, "big")
    for name, changed in {
        "s + n": number + modulus,
        "s + 256 n": number + 256 * modulus,
        "n - s": modulus - number,
        "2 n - s": 2 * modulus - number,
        "s + 1": number + 1,
        "s²": number * number % modulus,
    }.items():
        yield name, changed.to_bytes(max(size, (changed.bit_length() + 7) // 8), "big")
    for name, value in {"0": 0, "1": 1, "n": modulus, "n - 1": modulus - 1, "n + 1": modulus + 1}.items():
        yield name, value.to_bytes(size, "big")
    yield "a zero before", b"\0" + right
    yield "a zero behind", right + b"\0"
    yield "cut off", right[:-1]
    yield "cut off in front", right[1:]
    yield "twice", right * 2
    yield "backwards", right[::-1]
    yield "all ones", b"\xff" * size
    yield "the block itself", key.block(RAW)
    yield (
        "encrypted with the public key",
        pow(int.from_bytes(key.block(RAW), "big"), key.exponent, modulus).to_bytes(size, "big"),
    )
    yield "of another body", key.sign(RAW + b" ")
    yield "by MD5", key.sign(RAW, "MD5withRSA")


def header(signature: bytes) -> dict[str, str]:
    """Return the request's headers."""
    return {"fluent-signature": base64.b64encode(signature).decode()}


def refusal(key: str | bytes, signature: bytes) -> str:
    """Return the kind of error that a signature ends in, or nothing if it is believed."""
    try:
        verify_signature(RAW, header(signature), key)
    except WebhookError as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize("form", FORMS, ids=["PEM", "DER", "bare"])
@pytest.mark.parametrize("bits", SIZES)
def test_the_right_block_is_believed(bits: int, form: Callable[[Pair], str | bytes]) -> None:
    """P1: of each size, and by each form of the key, the one proper signature is believed."""
    key = pair(bits)
    proof = verify_signature(RAW, header(key.sign(RAW)), form(key))
    assert (proof.header, proof.algorithm, proof.key) == (
        "fluent-signature",
        "SHA512withRSA",
        hashlib.sha256(key.der).hexdigest(),
    )
    assert bool(proof.warnings) is (bits < 2_048)


@pytest.mark.parametrize("bits", SIZES)
def test_no_other_block_is_believed(bits: int) -> None:
    """P1: forged padding, BER lengths, other hashes, a missing NULL and each flipped bit are an invalid signature."""
    key = pair(bits)
    every = 1 if bits in {1_024, 2_048} else bits // 512  # a big key signs slowly, and is judged by the same code
    cases = [case for number, case in enumerate(wrong_blocks(key)) if number % every == 0]
    loaded = load_key(key.der)
    believed = {name: refusal(loaded, key.raised(block)) for name, block in cases if len(block) == key.size}
    assert {name: said for name, said in believed.items() if said != "InvalidSignatureError"} == {}
    assert len(believed) > 250 // every


@pytest.mark.parametrize("form", FORMS, ids=["PEM", "DER", "bare"])
@pytest.mark.parametrize("bits", SIZES)
def test_a_signature_has_one_number(bits: int, form: Callable[[Pair], str | bytes]) -> None:
    """P1: a signature moved by the modulus, with zeros, cut off or turned around is refused by its type."""
    key = pair(bits)
    for name, signature in twisted(key):
        wanted = "InvalidSignatureError" if len(signature) == key.size else "MalformedSignatureError"
        assert refusal(form(key), signature) == wanted, name


def test_pss_is_another_scheme() -> None:
    """P1: PSS, OAEP-like blocks and PKCS#1 of another hash prove nothing, whoever made them."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = load_key(key.public_key())
    for scheme in (hashes.SHA512(), hashes.SHA256(), hashes.SHA1()):  # noqa: S303
        for salt in (0, 20, padding.PSS.MAX_LENGTH):
            pss = padding.PSS(mgf=padding.MGF1(scheme), salt_length=salt)
            assert refusal(public, key.sign(RAW, pss, scheme)) == "InvalidSignatureError"
    for scheme in (hashes.SHA256(), hashes.SHA384(), hashes.SHA1(), hashes.MD5(), hashes.SHA3_512()):  # noqa: S303
        assert refusal(public, key.sign(RAW, padding.PKCS1v15(), scheme)) == "InvalidSignatureError"
    assert refusal(public, key.sign(RAW, padding.PKCS1v15(), hashes.SHA512())) == ""


def test_a_cube_root_is_no_signature() -> None:
    """P1: with exponent 3 a block with garbage behind has a cube root, made without the private key, and is refused."""
    key = Pair(pair(3_072).primes, exponent=3)
    public = load_key(key.der, allow_small_exponent=True)
    for prefix in (b"\0\1\xff\0" + info(), b"\0\1" + b"\xff" * 8 + b"\0" + info(), b"\0\1\0" + info()):
        wanted = int.from_bytes(prefix.ljust(key.size, b"\0"), "big")
        cube = root(wanted, 3) + 1
        assert (cube**3).to_bytes(key.size, "big").startswith(prefix)  # the attack itself works
        with pytest.raises(InvalidSignatureError):
            verify_signature(RAW, header(cube.to_bytes(key.size, "big")), public)


def test_a_signature_of_another_size_is_no_signature_of_this_key() -> None:
    """P1: a signature by a key of another size is refused before it is tried."""
    for bits in (1_024, 3_072, 4_096):
        with pytest.raises(MalformedSignatureError, match="bytes"):
            verify_signature(RAW, header(pair(bits).sign(RAW)), pair(2_048).pem)
