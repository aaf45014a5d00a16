"""The panel that looks into a webhook."""

import base64
import json
from pathlib import Path

import pytest

from fcwork.widgets import WebhookInspector

SAMPLES = Path(__file__).parents[3] / "notebooks" / "samples" / "webhooks"
KEY = str(SAMPLES / "public_key.pem")
HEADERS = (SAMPLES / "order.headers.json").read_text("utf-8")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A receiver's folder with one body and its headers."""
    folder = tmp_path / "quarantine"
    folder.mkdir()
    (folder / "1-invalid_signature-aa.body").write_bytes((SAMPLES / "order.json").read_bytes())
    (folder / "1-invalid_signature-aa.json").write_text(HEADERS)
    return folder


def through(panel: WebhookInspector) -> WebhookInspector:
    """Inspect, and wait for it."""
    panel.inspect()
    assert panel.work.wait(20)
    return panel


def test_a_kept_body_is_found_with_its_headers(kept: Path) -> None:
    """A body that is picked has the headers that lie beside it; the value is the verdict."""
    panel = WebhookInspector(key=KEY, folder=kept)
    (_, _), (label, path) = panel.files()
    assert label == "1-invalid_signature-aa.body"
    panel.choose("kept", path)
    verdict = through(panel).value
    assert verdict is not None
    assert verdict.ok
    assert panel.work.standing.told == "genuine"


def test_a_pasted_body_is_judged_by_its_bytes() -> None:
    """Base64 is the exact bytes; a text whose line ends were changed is refused, and told what would verify."""
    raw = (SAMPLES / "order.json").read_bytes()
    exact = f"base64:{base64.b64encode(raw).decode()}"
    assert through(WebhookInspector(exact, headers=HEADERS, key=KEY)).value.ok
    changed = through(WebhookInspector(raw.decode() + "\n", headers=HEADERS, key=KEY, name="changed")).value
    assert not changed.ok
    assert "signed the body" in changed.finding


def test_headers_may_be_lines(kept: Path) -> None:
    """Headers are taken as lines of a saved request, and as the path of a file."""
    document = json.loads(HEADERS)
    lines = "\n".join(f"{name}: {value}" for name, value in document.get("headers", document).items())
    body = str(next(kept.glob("*.body")))
    assert through(WebhookInspector(body, headers=lines, key=KEY)).value.ok
    assert through(WebhookInspector(body, headers=str(SAMPLES / "order.headers.json"), key=KEY, name="two")).value.ok


def test_another_choice_has_no_verdict_yet(kept: Path) -> None:
    """A verdict is shown of what was inspected, and of nothing else."""
    panel = through(WebhookInspector(str(next(kept.glob("*.body"))), key=KEY))
    assert panel.value is not None
    panel.choose("headers", "fluent-signature: x")
    assert panel.value is None


@pytest.mark.parametrize(
    ("given", "told", "hint"),
    [
        ({"key": KEY}, "no body", "kept body"),
        ({"body": "x"}, "no public key", "FLUENT_WEBHOOK_PUBLIC_KEY"),
        ({"body": "x", "key": "nonsense"}, "key", "path of a file"),
        ({"body": "x", "key": KEY, "headers": "no colon here"}, "without a colon", "one header a line"),
        ({"body": "base64:?", "key": KEY}, "no base64", "raw bytes"),
    ],
)
def test_what_cannot_be_inspected_is_told_in_a_line(given: dict[str, str], told: str, hint: str, home: Path) -> None:
    """P32: what is missing or wrong is said with what to do."""
    assert home.is_dir()
    standing = through(WebhookInspector(**given)).work.standing
    assert standing.phase == "failed"
    assert told in standing.told
    assert hint in standing.hint


def test_a_secret_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another sender the secret is read from a variable; the panel holds its name alone."""
    panel = WebhookInspector("{}", headers="x-hub-signature-256: sha256=00")
    panel.choose("scheme", "github")
    panel.choose("secret", "HOOK_SECRET")
    assert "HOOK_SECRET is not set" in through(panel).work.standing.told
    monkeypatch.setenv("HOOK_SECRET", "a-secret-of-the-hook")
    assert through(panel).value.reason
    assert "a-secret-of-the-hook" not in str(panel._held)


def test_a_picture_holds_no_byte_of_the_body(kept: Path) -> None:
    """P25: the picture tells the steps; neither the body nor a header's value stands in it."""
    body = '{"password": "of-a-customer"}<script>'
    panel = through(
        WebhookInspector(body, headers="authorization: Bearer abc.def\nfluent-signature: zz", key=KEY, folder=kept)
    )
    html = panel._repr_mimebundle_()["text/html"]
    assert "signature" in html
    assert not any(text in html for text in ("of-a-customer", "abc.def", "<script"))
