"""Public keys: in every form that they are handed around in, and nothing else."""

import base64
import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from forging import Pair, pair

from fcwork.clock import ManualClock
from fcwork.errors import AlgorithmUnavailableError, BadKeyError
from fcwork.webhooks import load_key, load_keys, verify

PKCS1 = (Encoding.PEM, PublicFormat.PKCS1)
FORMS: dict[str, Callable[[Pair], object]] = {
    "PEM": lambda key: key.pem,
    "PEM as bytes": lambda key: key.pem.encode(),
    "PEM as bytearray": lambda key: bytearray(key.pem.encode()),
    "PEM with CRLF": lambda key: key.pem.replace("\n", "\r\n"),
    "PEM with CR": lambda key: key.pem.replace("\n", "\r"),
    "PEM with a literal line end": lambda key: key.pem.replace("\n", "\\n"),
    "PEM with a literal CRLF, in quotes": lambda key: '"' + key.pem.replace("\n", "\\r\\n") + '"',
    "PEM in one line": lambda key: key.pem.replace("\n", " "),
    "PEM without a break": lambda key: key.pem.replace("\n", ""),
    "PEM indented": lambda key: "".join(f"\t  {line}  \n" for line in key.pem.splitlines()),
    "PEM with a byte order mark": lambda key: b"\xef\xbb\xbf" + key.pem.encode(),
    "PEM under a comment": lambda key: f"# production\n\n{key.pem}\n\n",
    "PKCS#1": lambda key: key.public.public_bytes(*PKCS1),
    "PKCS#1 DER": lambda key: key.public.public_bytes(Encoding.DER, PublicFormat.PKCS1),
    "PKCS#1 base64": lambda key: base64.b64encode(key.public.public_bytes(Encoding.DER, PublicFormat.PKCS1)),
    "DER": lambda key: key.der,
    "DER as memoryview": lambda key: memoryview(key.der),
    "base64": lambda key: key.bare,
    "base64 as bytes": lambda key: key.bare.encode(),
    "base64 in lines": lambda key: base64.encodebytes(key.der),
    "base64 with spaces around": lambda key: f"  {key.bare}\r\n",
    "base64 in quotes": lambda key: f"'{key.bare}'",
    "of cryptography": lambda key: key.public,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bits", [1_024, 2_048, 4_096])
def test_all_forms_of_a_key_are_one_key(bits: int, form: str) -> None:
    """A key is the same in PEM, DER and base64, however the text was bent on its way."""
    key = pair(bits)
    loaded = load_key(FORMS[form](key))  # type: ignore[arg-type]
    assert loaded == load_key(key.der)
    assert (loaded.bits, loaded.exponent, loaded.size) == (bits, 65_537, bits // 8)
    assert loaded.check("SHA512withRSA", key.sign(b"x"), b"x")


def test_a_key_of_a_file_is_called_like_the_file(tmp_path: Path, mine: Pair) -> None:
    """A path is read, and the key is named for it; a file that is not there is an error of its own words."""
    file = tmp_path / "production.pem"
    file.write_text(mine.pem)
    assert load_key(file).name == "production"
    assert load_key(file, name="ours").name == "ours"
    for missing in (tmp_path / "none.pem", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(BadKeyError, match="cannot be read"):
            load_key(missing)


def test_several_keys_of_a_text_keep_their_order(mine: Pair, other: Pair) -> None:
    """Of several PEM blocks each is a key; where one is expected, that is an error."""
    both = f"# old\n{mine.pem}# new\n{other.pem}"
    assert [key.fingerprint for key in load_keys(both)] == [load_key(key.pem).fingerprint for key in (mine, other)]
    assert [key.name for key in load_keys(both, name="ours")] == ["ours-1", "ours-2"]
    with pytest.raises(BadKeyError, match="2 keys"):
        load_key(both)


def test_a_key_shows_its_fingerprint_and_travels(mine: Pair) -> None:
    """A key shows name, size and full fingerprint; a copy and a pickle of it are the same key and check as well."""
    key = load_key(mine.pem, name="production")
    assert repr(key) == f"PublicKey(production, RSA-2048, {key.fingerprint})"
    assert len(key.fingerprint) == 64
    small = load_key(Pair(pair(3_072).primes, exponent=3).pem, allow_small_exponent=True)
    for each in (key, small):
        for twin in (copy.copy(each), copy.deepcopy(each), pickle.loads(pickle.dumps(each))):  # noqa: S301
            assert twin == each
            assert twin.warnings == each.warnings
    assert pickle.loads(pickle.dumps(key)).check("SHA512withRSA", mine.sign(b"x"), b"x")  # noqa: S301


def private_keys() -> dict[str, bytes]:
    """Return private keys in their forms."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    found = {}
    for name, kind in (("PKCS8", PrivateFormat.PKCS8), ("PKCS1", PrivateFormat.TraditionalOpenSSL)):
        found[f"{name} PEM"] = key.private_bytes(Encoding.PEM, kind, NoEncryption())
        found[f"{name} DER"] = key.private_bytes(Encoding.DER, kind, NoEncryption())
        found[f"{name} base64"] = base64.b64encode(found[f"{name} DER"])
        found[f"{name} literal"] = found[f"{name} PEM"].replace(b"\n", b"\\n")
        found[f"{name} cut off"] = found[f"{name} PEM"][:700]
    found["OpenSSH"] = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    found["with passphrase"] = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    found["with passphrase, PEM"] = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")
    )
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    found["beside the public one"] = public + found["PKCS8 PEM"]
    found["of EC"] = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    return found


def test_a_private_key_is_refused_and_not_told() -> None:
    """P5: a private key in any form is refused as what it is, and not a word of it is in the error."""
    for form, key in private_keys().items():
        with pytest.raises(BadKeyError, match="this is a private key") as told:
            load_key(key)
        text = f"{told.value}{told.value!r}{told.value.facts()}"
        spelled = key.decode("latin-1") if key[:1] != b"0" else base64.b64encode(key).decode()
        assert not any(spelled[at : at + 12] in text for at in range(40, len(spelled) - 12, 7)), form
        assert told.value.__cause__ is None


def certificate() -> bytes:
    """Return a certificate."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    clock = ManualClock()
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    clock.advance(1)
    builder = builder.serial_number(1).not_valid_before(ManualClock().now()).not_valid_after(clock.now())
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def spki(key: object) -> bytes:
    """Return the PEM of a public key of any kind."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]


def test_a_key_that_proves_nothing_is_refused(mine: Pair) -> None:
    """P5: nothing, garbage, a certificate and keys of other kinds are refused when they are loaded."""
    der, pem = mine.der, mine.pem
    refused: dict[object, str] = {
        None: "no key is given",
        "": "empty",
        b"": "empty",
        " \n\t": "empty",
        "\\n": "empty",
        '""': "empty",
        7: "not int",
        True: "not bool",
        "null": "no public key",
        "changeme!": "no base64",
        "ssh-rsa AAAAB3NzaC1yc2E": "no base64",
        "\ud800": "no base64",
        "\0": "no base64",
        "A" * 1_000_001: "too many",
        b"\xff\xfe-\0": "neither text nor DER",
        pem[:200]: "cut off",
        pem.replace("END PUBLIC", "END RSA PUBLIC"): "no public key",
        pem.replace("PUBLIC KEY", "CERTIFICATE REQUEST"): "no public key",
        f"{pem}garbage": "something before",
        f"garbage {pem}": "something before",
        f"{pem}{pem[:60]}": "something before",
        pem.replace("\n", "\n!", 2): "no base64",
        der[:-1]: "no public key",
        der + b"\0": "no public key",
        mine.bare[:-4]: "no public key",
        mine.bare + "AAAA": "no public key",
        der.replace(
            bytes.fromhex("0d06092a864886f70d0101010500"), bytes.fromhex("0d06092a864886f70d01010a0500")
        ): "no p",
        b"0\x82\x01\x20" + bytes.fromhex("300b06092a864886f70d010101") + der[19:]: "one form that DER allows",
        certificate(): "certificate",
        spki(ec.generate_private_key(ec.SECP256R1())): "EC",
        spki(ed25519.Ed25519PrivateKey.generate()): "Ed25519",
        spki(ed448.Ed448PrivateKey.generate()): "Ed448",
        spki(x25519.X25519PrivateKey.generate()): "X25519",
        spki(dsa.generate_private_key(1_024)): "DSA",  # noqa: S505
    }
    for key, why in refused.items():
        with pytest.raises(BadKeyError, match=why) as told:
            load_key(key)  # type: ignore[arg-type]
        assert told.value.reason == "BAD_KEY"
        assert told.value.hint or why in {"something before", "certificate"}
        with pytest.raises(BadKeyError):
            verify(b"{}", {"fluent-signature": "AAAA"}, key)  # type: ignore[arg-type]


def made(bits: int, exponent: int, odd: int = 1) -> bytes:
    """Return a key of any size; nobody has its private half."""
    return (
        rsa.RSAPublicNumbers(exponent, (1 << (bits - 1)) + (1 << 64) + odd)
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )


def test_sizes_and_exponents_have_bounds() -> None:
    """P2, P5: below 1,024 bits and above 16,384 a key is refused, below 2,048 it is weak; so is a small exponent."""
    for bits in (512, 768, 1_016, 1_023):
        with pytest.raises(BadKeyError, match=f"{bits} bits"):
            load_key(made(bits, 65_537))
    for bits in (1_024, 1_536, 2_047):
        assert any(f"{bits} bits" in warning for warning in load_key(made(bits, 65_537)).warnings)
    for bits in (2_048, 2_049, 8_192, 16_384):
        assert load_key(made(bits, 65_537)).warnings == ()
    with pytest.raises(BadKeyError, match="16385 bits"):
        load_key(made(16_385, 65_537))
    with pytest.raises(BadKeyError, match="too many to check"):
        load_key(made(2_048, (1 << 64) + 1))
    with pytest.raises(BadKeyError, match="even"):
        load_key(made(2_048, 65_537, odd=2))


@pytest.mark.parametrize("exponent", [3, 17, 257, 65_535])
def test_a_small_exponent_has_to_be_allowed(exponent: int) -> None:
    """P5: an exponent below 65537 is refused unless it is allowed, also where the same key was allowed before."""
    for key in (made(2_048, exponent), base64.b64encode(made(2_048, exponent))):
        with pytest.raises(BadKeyError, match=f"exponent is {exponent}"):
            load_key(key)
        assert "exponent" in load_key(key, allow_small_exponent=True).warnings[0]
        with pytest.raises(BadKeyError, match="allow_small_exponent"):
            load_key(key)


def test_an_algorithm_that_nobody_knows_is_no_wrong_signature(mine: Pair) -> None:
    """An unknown algorithm is an error of its own, and never a signature that is only wrong."""
    key = load_key(mine.pem)
    for name in ("SHA1withRSA", "sha512withrsa", "", None):
        with pytest.raises(AlgorithmUnavailableError, match="no algorithm") as told:
            key.check(name, b"", b"")  # type: ignore[arg-type]
        assert told.value.reason == "ALGORITHM_UNAVAILABLE"


class Restricted:
    """Stands for a key on a machine whose cryptography leaves MD5 out."""

    def verify(self, *_: object) -> None:
        """Refuse, as such a machine does."""
        message = "not supported"
        raise UnsupportedAlgorithm(message)


def test_an_algorithm_that_is_switched_off_is_no_wrong_signature(mine: Pair, raw: bytes) -> None:
    """P4: where the machine offers no MD5 (FIPS) that is told as such, as nothing is known of the signature."""
    key = load_key(mine.pem, name="restricted")  # an object of its own
    key.__dict__["_rsa"] = Restricted()
    with pytest.raises(AlgorithmUnavailableError, match="does not offer MD5withRSA") as told:
        verify(raw, mine.signed(raw, "MD5withRSA"), key, algorithms=["MD5withRSA"])
    assert told.value.reason == "ALGORITHM_UNAVAILABLE"


def test_two_keys_never_share_a_place(mine: Pair, other: Pair) -> None:
    """Keys that begin alike are told apart however often and in which order they are loaded."""
    assert mine.pem[:60] == other.pem[:60]
    signature = mine.sign(b"x")
    for _ in range(3):
        assert load_key(mine.pem).check("SHA512withRSA", signature, b"x")
        assert not load_key(other.pem).check("SHA512withRSA", signature, b"x")
