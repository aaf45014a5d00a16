"""The panel that looks into a webhook, used in JupyterLab."""

import shutil
from pathlib import Path

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

SAMPLES = Path(__file__).parents[2] / "notebooks" / "samples" / "webhooks"


@pytest.fixture
def kept(lab: Lab) -> Path:
    """A folder of the server with a kept body."""
    folder = lab.folder / "kept"
    folder.mkdir(exist_ok=True)
    shutil.copy(SAMPLES / "order.json", folder / "20260115-order.body")
    shutil.copy(SAMPLES / "order.headers.json", folder / "20260115-order.json")
    return folder


def cell(kept: Path) -> str:
    """Return the code that shows the panel."""
    key = str(SAMPLES / "public_key.pem")
    made = f"fw.widgets.WebhookInspector(folder={str(kept)!r}, key={key!r})"
    return f"import fcwork as fw\ninspector = {made}\ninspector"


def test_a_kept_body_is_inspected(lab: Lab, kept: Path) -> None:
    """A kept body that is picked is genuine, step by step; the value is the verdict."""
    with lab.open(cell(kept)) as book:
        book.choose("Body", "20260115-order.body")
        book.button("Inspect").click()
        book.sees("genuine")
        assert book.tells("inspector.value.ok") == "True"
        book.shots_of_all_looks("webhook")


def test_a_pasted_body_is_refused_with_what_happened(lab: Lab, kept: Path) -> None:
    """A pasted body with another end is refused, with what happened and what would verify, without a live tag."""
    with lab.open(cell(kept)) as book:
        book.field("Pasted body").fill((SAMPLES / "order.json").read_text("utf-8") + "\n")
        book.field("Headers").fill((SAMPLES / "order.headers.json").read_text("utf-8"))
        book.button("Inspect").focus()
        book.keys("Enter")
        book.sees("What happened")
        book.sees("What would verify")
        book.shots_of_all_looks("webhook-refused")
        book.field("Pasted body").fill("<img src=x onerror=alert(1)>" + "x" * 10_000)
        book.button("Inspect").click()
        book.sees("refused")
        assert book.panel.locator("img").count() == 0
