import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork.redact import MASK

Fcwork = Callable[..., Any]
STOCK = "store,sku,on_hand,email,phone\nS1,A-1,5,a1@tok.example,400771\nS1,A-2,x,a2@tok.example,400772\nS1,A-3\n"
TOKENS = ("tok.example", "40077")
MAPPING = {
    "mask": ["contact.email"],
    "fields": {
        "ref": {"source": "sku", "required": True},
        "qty": {"source": "on_hand", "resolver": "sdk.parseInt"},
        "contact.email": {"source": "email"},
        "contact.phone": {"source": "phone"},
    },
}
RULES = '{"pattern": {"contact.email": "^none$", "contact.phone": "^none$"}, "unique": ["contact.email"]}'


@pytest.fixture(autouse=True)
def shop(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside a file with personal data, of which the mapping masks one column and the environment another."""
    monkeypatch.setenv("FCWORK_MASK", "phone")
    for name, text in {"stock.csv": STOCK, "m.json": json.dumps(MAPPING), "rules.json": RULES}.items():
        (home / name).write_text(text, "utf-8")
    return home


def leaked(*texts: str) -> list[str]:
    """Return which tokens stand in these texts."""
    return [token for token in TOKENS for text in texts if token in text]


def test_read_shows_nothing_that_is_hidden(fcwork: Fcwork, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P9: neither rows, examples nor bad lines of `fcwork read` show a hidden column; --to writes it whole."""
    monkeypatch.setenv("FCWORK_MASK", "email,phone")
    said = fcwork("read", "stock.csv", "--to", "rows.csv")
    assert leaked(said.out, said.err) == []
    assert MASK in said.out
    assert "A-2" in said.out
    assert leaked((shop / "rows.csv").read_text("utf-8")) == list(TOKENS)


@pytest.mark.parametrize("how", [["--preview=5"], [], ["--issues", "issues.csv"]])
def test_map_shows_nothing_that_is_hidden(fcwork: Fcwork, shop: Path, how: list[str]) -> None:
    """P9: preview, mapped rows and issues of `fcwork map` hide what the mapping and the environment name."""
    said = fcwork("map", "stock.csv", "-m", "m.json", *how)
    issues = shop / "issues.csv"
    assert leaked(said.out, said.err, issues.read_text("utf-8") if issues.exists() else "") == []
    assert MASK in said.out or how[:1] == ["--issues"]


def test_what_is_asked_for_as_data_is_whole(fcwork: Fcwork, shop: Path) -> None:
    """P9: the files of --out and --rejected hold every value."""
    fcwork("map", "stock.csv", "-m", "m.json", "--out", "good.jsonl", "--rejected", "bad.jsonl")
    assert "a1@tok.example" in (shop / "good.jsonl").read_text("utf-8")
    assert "400772" in (shop / "bad.jsonl").read_text("utf-8")


def test_check_shows_nothing_that_is_hidden(fcwork: Fcwork, shop: Path) -> None:
    """P9: findings of `fcwork check`, its issues and its report hide it in values, keys and messages."""
    said = fcwork(
        "check", "stock.csv", "-m", "m.json", "--rules", "rules.json", "--issues", "i.csv", "--report", "r.html"
    )
    assert said.code == 3
    files = [(shop / name).read_text("utf-8") for name in ("i.csv", "r.html")]
    assert leaked(said.out, said.err, *files) == []
    assert "check.pattern" in said.out


def test_dead_letters_are_whole_and_their_owner_s(fcwork: Fcwork, shop: Path) -> None:
    """P9: `fcwork send` shows nothing hidden; its dead letters, which are sent again, are whole and of mode 0600."""
    calls = ["send", "stock.csv", "-m", "m.json", "--rules", "rules.json", "--max-rejected", "99%", "--dry-run"]
    said = fcwork(*calls, "--profile", "simulator", "--dead-letters", "dead.csv")
    assert said.code == 3
    assert leaked(said.out, said.err) == []
    dead = shop / "dead.csv"
    assert leaked(dead.read_text("utf-8")) == list(TOKENS)
    assert stat.S_IMODE(dead.stat().st_mode) == 0o600


def test_a_workspace_hides_for_all_its_runs(fcwork: Fcwork, shop: Path) -> None:
    """A workspace names under `mask` what is hidden in it; where it cannot be read nothing is shown at all (P32)."""
    marker = shop / ".fcwork" / "workspace.json"
    marker.parent.mkdir()
    marker.write_text('{"fcwork": "0.1.0", "mask": ["email"]}', "utf-8")
    assert leaked(fcwork("read", "stock.csv").out) == []
    marker.write_text('{"mask": "email"}', "utf-8")
    said = fcwork("read", "stock.csv")
    assert (said.code, said.out) == (2, "")
    assert "mask in" in said.err
    assert '"mask": ["email", "customer.phone"]' in said.err
    marker.write_text('{"mask": [', "utf-8")
    assert fcwork("read", "stock.csv").code == 2
