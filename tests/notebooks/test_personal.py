"""Personal data: hidden in all that a run leaves for people, and whole in what is delivered or sent again."""

import json
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork import runner
from fcwork.settings import variable
from fcwork.simulator import Fault, Faults, Simulator

pytestmark = [pytest.mark.kernel, pytest.mark.socket]
MASK = "•••"
DATA = ("dead_letters.csv", "dead_letters.jsonl")  # of a run's folder; they are sent again
EVENT = {"name": "UPSERT_PRODUCT", "entityType": "PRODUCT_CATALOGUE", "entityRef": "PC:MASTER:2"}


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Run a platform that refuses one row, and name it by the environment."""
    with Simulator(seed=1, settle_polls=0, faults=Faults([Fault("record", refs=["R-8:S"], code=404)])) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        yield simulator


def found(folder: Path, tokens: list[str], *, but: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return which token stands in which file of a folder; a Parquet file is read."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name not in but]
    assert files
    texts = {file.name: _text(file) for file in files}
    return [(name, token) for name, text in texts.items() for token in tokens if token in text]


def _text(file: Path) -> str:
    if file.suffix == ".parquet":
        return json.dumps(pl.read_parquet(file).to_dicts(), default=str, ensure_ascii=False)
    return file.read_bytes().decode("utf-8", "replace")


@pytest.mark.usefixtures("platform")
def test_a_load_shows_no_personal_data_and_delivers_it_whole(home: Path) -> None:
    """P9: what the mapping, MASK and the workspace hide stands in no file of the run, its index or its shared page.

    The platform has it, and so have the dead letters, which are sent again and which their owner alone may read.
    """
    (home / ".fcwork").mkdir()
    (home / ".fcwork" / "workspace.json").write_text('{"mask": ["address"]}', "utf-8")
    head = "ref,email,phone,address,qty\n"
    lines = [f"R-{at},mail{at}@tok.example,+61 400 77{at},Street TOK {at},{at}" for at in range(1, 8)]
    bad = ["R-8,mail8@tok.example,+61 400 778,Street TOK 8,x", "R-9,mail9-tok.example,+61 400 779,Street TOK 9,9"]
    torn = ["R-10,mail10@tok.example,+61 400 7710,Street TOK 10,1,torn", "R-11,mail11@tok.example"]
    (home / "in.csv").write_text(head + "\n".join([*lines, *bad, *torn]) + "\n", "utf-8")
    fields = {"ref": "ref", "mail": "email", "phone": "phone", "address": "address"}
    mapping: dict[str, Any] = {"mask": ["mail"], "fields": {to: {"source": source} for to, source in fields.items()}}
    mapping["fields"]["qty"] = {"source": "qty", "resolver": "sdk.parseInt", "required": True}
    (home / "mapping.json").write_text(json.dumps(mapping), "utf-8")
    (home / "rules.json").write_text('{"pattern": {"mail": "^[^@]+@[^@]+$"}, "unique": ["mail"]}', "utf-8")
    result = runner.run(
        "ingestion",
        {
            "SOURCE": str(home / "in.csv"),
            "MAPPING": str(home / "mapping.json"),
            "RULES": str(home / "rules.json"),
            "ROUTE": "event",
            "ROUTE_OPTIONS": {"rows": "attributes", "event": EVENT},
            "MAX_REJECTED": "90%",
            "MASK": ["phone"],
            "ERRORS": "errors",
            "DRY_RUN": False,
        },
    )
    assert (result.state, result.figures["delivered"], result.figures["rejected"]) == ("COMPLETED_WITH_ERRORS", 7, 4)

    tokens = ["tok.example", "400 77", "Street TOK"]
    assert found(result.folder, tokens, but=DATA) == []
    shared = runner.share(result.run_id, home / "out")
    assert found(home / "out", tokens) == []
    assert MASK in Path(shared.page).read_text("utf-8")
    assert found(home / ".fcwork" / "runs", tokens, but=DATA) == []
    assert "tok.example" not in json.dumps(runner.history().to_dicts(), default=str)

    letters = [result.folder / name for name in DATA] + list((home / "errors").glob("*.dead_letters.csv"))
    assert len(letters) == 3
    for file in letters:
        assert "mail8@tok.example" in file.read_text("utf-8")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with fw.connect() as client:
        sent = json.dumps([client.event(event["id"]) for event in client.events(name=EVENT["name"])], default=str)
    for at in range(1, 8):
        assert f"mail{at}@tok.example" in sent
        assert f"+61 400 77{at}" in sent
        assert f"Street TOK {at}" in sent


def test_an_extraction_shows_no_personal_data_and_writes_it_whole(platform: Simulator, home: Path) -> None:
    """P9: what MASK hides stands in no file of an extraction's run, and in the file that was asked for."""
    assert platform.url
    sink = home / "out" / "orders.jsonl"
    result = runner.run(
        "extraction", {"ENTITY": "orders", "SINK": str(sink), "MASK": ["primaryEmail", "email"], "DRY_RUN": False}
    )
    assert result.state == "SUCCEEDED", result.reason
    assert "@example.com" in sink.read_text("utf-8")
    assert found(result.folder, ["@example.com"]) == []
    shown = runner.run("extraction", {"ENTITY": "orders", "MAX_RECORDS": 5, "MASK": ["primaryEmail"], "DRY_RUN": False})
    assert shown.result["rows"] == 5
    assert found(shown.folder, ["customer1@example.com", "customer2@example.com"]) == []
    assert MASK in (shown.folder / "notebook.ipynb").read_text("utf-8")


def test_the_story_of_a_webhook_shows_no_personal_data(platform: Simulator, home: Path) -> None:
    """P9: the body of a webhook, its bytes and the event made of it show nothing hidden; the mutation has it whole."""
    webhook = platform.webhook(
        name="OrderSeen",
        entity_type="ORDER",
        entity_ref="ORD-00002",
        attributes={"email": "ann@tok.example", "n": "Zoë"},
    )
    (home / "body.json").write_bytes(webhook.body)
    (home / "body.headers.json").write_text(json.dumps(dict(webhook.headers)), "utf-8")
    (home / "key.pem").write_text(platform.webhook_public_key, "utf-8")
    (home / "mapping.json").write_text(
        json.dumps(
            {
                "mutation": "updateOrder",
                "arguments": {
                    "input": {
                        "ref": {"source": "entityRef"},
                        "attributes": {
                            "isArray": True,
                            "source": "$",
                            "fields": {
                                "name": {"value": "email"},
                                "type": {"value": "STRING"},
                                "value": {"source": "attributes.email"},
                            },
                        },
                    }
                },
            }
        ),
        "utf-8",
    )
    asked: Mapping[str, Any] = {
        "KEYS": [str(home / "key.pem")],
        "ACCOUNTS": ["SIMULATOR"],
        "MASK": ["email"],
        "ACTION": "mutation",
        "MAPPING": str(home / "mapping.json"),
        "ROUTE_OPTIONS": {"find_by": "ref"},
        "DRY_RUN": False,
    }
    result = runner.run("webhook_verify", {**asked, "PAYLOAD": str(home / "body.json")})
    assert (result.state, result.figures.get("delivered")) == ("SUCCEEDED", 1), result.reason
    assert found(result.folder, ["tok.example"], but=DATA) == []
    assert "ann@tok.example" in json.dumps(platform.ledger.mutations.to_dicts(), default=str)

    (home / "body.json").write_bytes(json.dumps(json.loads(webhook.body), indent=1).encode())
    refused = runner.run("webhook_verify", {**asked, "PAYLOAD": str(home / "body.json")})
    assert refused.state == "REFUSED"
    assert "The first difference" in (refused.folder / "notebook.html").read_text("utf-8")
    pairs = b"ann@tok".hex(" ")
    assert found(refused.folder, ["tok.example", pairs]) == []


def test_frames_of_all_kinds_are_shown_without_personal_data(
    home: Path, situation: Callable[..., runner.RunResult]
) -> None:
    """P8, P9: what a notebook displays or prints of polars, pandas, pyarrow and plain records shows nothing hidden.

    So does a frame that it publishes, and an error that quotes a column; and a secret that a display cuts short shows
    not even its beginning, which makes a strict run a failure.
    """
    rows = [
        {
            "ref": f"R-{at}",
            "email": f"m{at}@tok.example",
            "customer": {"phone": f"400-77{at}"},
            "note": f'{{"email": "m{at}@tok.example"}}',
        }
        for at in range(400)
    ]
    (home / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    result = situation("shows", {"SOURCE": str(home / "rows.jsonl"), "MASK": ["email", "customer.phone"]})
    assert (result.state, result.failed_cell) == ("FAILED", 15)
    assert "in column 'email'" in result.evalue
    assert (
        found(
            result.folder,
            ["tok.example", "400-77", "abcdefghij"],
            but=("source.ipynb", "notebook.ipynb", "notebook.html"),
        )
        == []
    )
    cells = json.loads((result.folder / "notebook.ipynb").read_text("utf-8"))["cells"]
    outputs = json.dumps([cell.get("outputs") for cell in cells], ensure_ascii=False)
    assert not any(token in outputs for token in ("tok.example", "400-77", "abcdefghij"))
    assert "R-399" in outputs
    assert result.masked == ("the output of cell [13]",)
    page = (result.folder / "notebook.html").read_text("utf-8")
    assert not any(token in page for token in ("tok.example", "400-77"))
    assert runner.load(result, "rows")["email"].unique().to_list() == [MASK]
