"""Reactions against the simulator: what the platform holds afterwards, and that a second time changes nothing."""

import base64
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

import fcwork as fw
from fcwork import errors, runner, settings
from fcwork.simulator import Fault
from fcwork.webhooks import Judgement, judge

CANCEL: dict[str, Any] = {
    "action": "event",
    "mapping": runner.shipped() / "mappings" / "order_cancel.json",
    "route_options": {"event": {"name": "OrderCancel", "entityType": "ORDER"}, "mode": "sync"},
}
ATTRIBUTES: dict[str, Any] = {
    "action": "mutation",
    "mapping": {
        "mutation": "updateOrder",
        "fields": {"ref": {"source": "entityRef", "required": True}, "status": {"value": "CHECKED"}},
    },
    "route_options": {"find_by": "ref"},
}
FULFILMENT = {"name": "Ready", "entity_type": "FULFILMENT", "entity_ref": "FUL-00003"}


@pytest.fixture
def cancel(tmp_path: Path) -> Path:
    """Give a file that asks for a cancellation."""
    path = tmp_path / "cancel.json"
    path.write_text('{"orderRef": "ORD-00001", "reason": "LATE"}')
    return path


def events(there: Any) -> list[Any]:
    """Return the events that the platform was sent."""
    return list(there.simulator.ledger.events.rows(named=True))


def test_nothing_is_to_be_done(platform: Any) -> None:
    """Without an action an event is told and nobody is asked."""
    there = platform()
    done = fw.react(there.client, there.event())
    assert (done.state, done.ok, done.result) == ("SUCCEEDED", True, None)
    assert done.summary == "OrderBooked of ORDER ORD-00002: nothing is to be done about it [SUCCEEDED]"
    assert there.simulator.ledger.requests == []


@pytest.mark.parametrize(
    "body",
    [
        '{"orderRef": "ORD-00001", "reason": "LATE"}',
        '{"order": {"reference": "ORD-00001"}, "reason": "LATE"}',
        '{"order": {"ref": "ORD-00001"}, "reason": "LATE"}',
        "<orderCancel><orderRef>ORD-00001</orderRef><reason>LATE</reason></orderCancel>",
        '<c><order ref="ORD-00001"/><reason>LATE</reason></c>',
        '<order ref="ORD-00001"><reason>LATE</reason></order>',
        "<c><order><reference>ORD-00001</reference></order><reason>LATE</reason></c>",
        '\ufeff<c orderRef="ORD-00001"><reason>LATE</reason></c>',
    ],
)
def test_a_body_becomes_an_event_in_every_shape(platform: Any, tmp_path: Path, body: str) -> None:
    """V9, V10: all shapes of a cancellation give the same event, whatever the file is called."""
    there, path = platform(), tmp_path / "in.body"
    path.write_text(body, "utf-8")
    done = fw.react(there.client, path, **CANCEL, dry_run=False)
    assert done.ok, done
    (sent,) = events(there)
    assert (sent["name"], sent["entityType"], sent["entityRef"]) == ("OrderCancel", "ORDER", "ORD-00001")
    assert done.preview["attributes"].struct.field("reason").to_list() == ["LATE"]


def test_a_dry_run_shows_and_sends_nothing(platform: Any, cancel: Path) -> None:
    """P33: a reaction is a dry run unless told otherwise: it shows what would be sent, and sends nothing."""
    there = platform()
    done = fw.react(there.client, cancel, **CANCEL)
    assert "DRY RUN" in done.summary
    assert done.preview["entityRef"].to_list() == ["ORD-00001"]
    assert "ORD-00001" in done._repr_html_()
    assert events(there) == []


def test_the_same_file_is_handled_once(platform: Any, cancel: Path) -> None:
    """P31: a file that was handled is skipped the second time; the platform sees one event."""
    there = platform()
    first, second = (fw.react(there.client, cancel, **CANCEL, dry_run=False) for _ in "12")
    assert (first.state, second.state) == ("SUCCEEDED", "SKIPPED")
    assert len(events(there)) == 1


def test_the_same_event_is_handled_once_however_it_is_given(platform: Any) -> None:
    """P31: an event that comes again, as another object, is skipped by its id, and leaves no file behind."""
    there = platform()
    event = there.event()
    first = fw.react(there.client, event, **ATTRIBUTES, dry_run=False)
    raw = "base64:" + base64.b64encode(event.raw).decode()
    second = fw.react(there.client, raw, event=event, **ATTRIBUTES, dry_run=False)
    assert (first.state, second.state) == ("SUCCEEDED", "SKIPPED"), (first, second)
    assert there.order("ORD-00002")["status"] == "CHECKED"
    assert there.simulator.ledger.mutations.height == 1
    assert list((settings.home() / "reactions").iterdir()) == []
    other = fw.react(there.client, there.event(entity_ref="ORD-00003"), **ATTRIBUTES, dry_run=False)
    assert other.state == "SUCCEEDED"


def test_one_that_was_cut_off_goes_on(platform: Any, cancel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P17: a handling that died before it was noted goes on, and the event is sent once."""
    there = platform()

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fcwork.ingestion.putting_away.PuttingAway.after", dies)
        with pytest.raises(KeyboardInterrupt):
            fw.react(there.client, cancel, **CANCEL, dry_run=False)
    assert fw.react(there.client, cancel, **CANCEL, dry_run=False).ok
    assert len(events(there)) == 1


@pytest.mark.parametrize("status", ["FAILED", "NO_MATCH"])
def test_what_the_workflow_says_counts(platform: Any, cancel: Path, status: str) -> None:
    """P15: an event that failed or that no rule matched is no success, though HTTP says 200."""
    there = platform(Fault("event_status", event_status=status))
    done = fw.react(there.client, cancel, **CANCEL, dry_run=False)
    assert (done.state, done.ok) == ("COMPLETED_WITH_ERRORS", False), done


def test_an_order_that_is_not_there_is_told(platform: Any) -> None:
    """A reference that nothing has rejects the row by its code, and nothing is changed."""
    there = platform()
    done = fw.react(there.client, there.event(entity_ref="ORD-9"), **ATTRIBUTES, dry_run=False)
    assert done.state == "COMPLETED_WITH_ERRORS"
    assert "NOT_FOUND" in done._repr_html_()


@pytest.mark.parametrize("body", ['{"reason": "LATE"}', '{"orderRef": null}', '{"orderRef": ""}', "<c/>", "[1]"])
def test_a_body_that_lacks_what_the_mapping_needs_is_refused(platform: Any, tmp_path: Path, body: str) -> None:
    """A body without an order is refused with the reason, and nothing is sent."""
    there, path = platform(), tmp_path / "x.body"
    path.write_text(body)
    done = fw.react(there.client, path, **CANCEL, dry_run=False)
    assert done.state == "REFUSED", done
    assert "REFUSED" in done.summary
    assert done.reason or done.result.issues.height
    assert events(there) == []


@pytest.mark.parametrize("body", ["", "{", "plain", "<a><b></a>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_a_body_that_cannot_be_read_is_refused(platform: Any, tmp_path: Path, body: str) -> None:
    """P24: What is neither JSON nor XML, or carries entities, is refused for good, and nothing is sent."""
    there, path = platform(), tmp_path / "x.body"
    path.write_text(body)
    done = fw.react(there.client, path, **CANCEL, dry_run=False)
    assert (done.state, done.reason.startswith("the body cannot be read")) == ("REFUSED", True), done
    assert events(there) == []


def test_an_export_writes_what_the_event_is_about(platform: Any, tmp_path: Path) -> None:
    """R1: the fulfilment that the event names, and no other, is fetched, mapped and written under the event's names."""
    there = platform()
    event = there.event(**FULFILMENT, id="e/1")
    sink = f"{tmp_path}/out/{{entityType}}/{{entityRef}}-{{id}}.json"
    done = fw.react(there.client, event, action="export", sink=sink, dry_run=False)
    assert done.ok, done
    (path,) = (tmp_path / "out" / "FULFILMENT").iterdir()
    assert path.name == "FUL-00003-e%2F1.json"
    assert [row["ref"] for row in json.loads(path.read_text())] == ["FUL-00003"]
    again = fw.react(there.client, event, action="export", sink=sink, dry_run=False)
    assert again.ok
    assert len(list(path.parent.iterdir())) == 1


def test_an_export_looks_before_it_writes(platform: Any, tmp_path: Path) -> None:
    """P33: a dry run shows the first rows and writes nothing; nor does one whose entity is not there."""
    there = platform()
    looked = fw.react(there.client, there.event(**FULFILMENT), action="export", sink=f"{tmp_path}/{{id}}.csv")
    assert looked.preview["ref"].to_list() == ["FUL-00003"]
    gone = there.event(**{**FULFILMENT, "entity_ref": "FUL-9"})
    missing = fw.react(there.client, gone, action="export", sink=f"{tmp_path}/{{id}}.csv", dry_run=False)
    assert (missing.state, missing.ok) == ("FAILED", False)
    assert "no such fulfilments yet" in missing.summary
    assert list(tmp_path.glob("*.csv")) == []


def test_an_event_chooses_no_query(platform: Any, tmp_path: Path) -> None:
    """What an event says is never text of a query, a path or a wildcard."""
    there = platform()
    for facts in (
        {"entity_type": "{ orders { edges { node { id } } } }", "entity_ref": "x"},
        {"entity_type": "/etc/x.graphql", "entity_ref": "x"},
        {"entity_type": "ORDER", "entity_ref": "%"},
    ):
        event = there.event(**facts)
        with pytest.raises(errors.ConfigError):
            fw.react(there.client, event, action="export", sink=f"{tmp_path}/x.csv", dry_run=False)
    odd = there.event(entity_ref='x"]) { edges { node { id } } } #')
    done = fw.react(there.client, odd, action="export", sink=f"{tmp_path}/{{entityRef}}.csv", dry_run=False)
    assert done.state == "FAILED"


def test_filters_name_values_of_the_event(platform: Any, tmp_path: Path) -> None:
    """Of an event about a fulfilment its order is exported, where the filters say so."""
    there = platform()
    done = fw.react(
        there.client,
        there.event(**FULFILMENT),
        action="export",
        entity="orders",
        filters={"ref": ["{rootEntityRef}"]},
        sink=f"{tmp_path}/{{rootEntityRef}}.csv",
        dry_run=False,
    )
    assert done.ok, done
    assert (tmp_path / "ORD-00003.csv").exists()


def test_filters_by_the_event_find_what_it_names_or_fail(platform: Any, tmp_path: Path) -> None:
    """No wildcard of an event gets into a filter, and what it names and is not there yet is no empty file."""
    there = platform()
    export: dict[str, Any] = {"action": "export", "sink": f"{tmp_path}/x.csv", "dry_run": False}
    by_event = {"entity": "orders", "filters": {"ref": ["{entityRef}"]}, **export}
    with pytest.raises(errors.ConfigError, match="may stand for others"):
        fw.react(there.client, there.event(entity_ref="ORD-%"), **by_event)
    missing = fw.react(there.client, there.event(entity_ref="ORD-99999"), **by_event)
    assert missing.state == "FAILED", missing
    assert not (tmp_path / "x.csv").exists()
    none = fw.react(there.client, there.event(), entity="orders", filters={"status": ["NO_SUCH"]}, **export)
    assert none.ok, none


@pytest.mark.parametrize("odd", [{"depth": {"cm": [30, 20]}}, {"tags": ["GIFT", "EXPRESS"]}, {"weight": 1.5}])
def test_attributes_of_all_kinds_keep_their_values(platform: Any, odd: dict[str, Any]) -> None:
    """R3: a list or an object among the attributes of an event leaves the values of the others as they are."""
    there = platform()
    mappings = runner.shipped() / "mappings"
    resolvers = runpy.run_path(str(mappings / "resolvers.py"))["resolvers"]
    event = there.event(attributes={"carrier": "DHL", "boxes": 2, "gift": True, "none": None, **odd})
    options = {"mapping": mappings / "order_attributes.json", "route_options": {"find_by": "ref"}}
    done = fw.react(there.client, event, action="mutation", resolvers=resolvers, **options, dry_run=False)
    assert done.ok, done
    held = {each["name"]: each["value"] for each in there.order("ORD-00002")["attributes"]}
    assert (held["carrier"], held["boxes"], held["gift"], held["lastEvent"]) == ("DHL", 2, True, "OrderBooked")
    ((name, value),) = odd.items()
    assert (held[name], "none" in held) == (value, False)


def test_only_what_was_verified_is_acted_on(platform: Any, tmp_path: Path) -> None:
    """A file that is no longer what was verified is refused."""
    there = platform()
    event, path = there.event(), tmp_path / "x.json"
    path.write_bytes(event.raw.replace(b"ORD-00002", b"ORD-00003"))
    with pytest.raises(errors.SourceError, match="is not the one that was verified"):
        fw.react(there.client, path, event=event, **ATTRIBUTES, dry_run=False)
    assert there.simulator.ledger.mutations.height == 0


@pytest.mark.parametrize(
    ("body", "state"),
    [("[]", "REFUSED"), ('{"orderRef": ["A", "B"]}', "COMPLETED_WITH_ERRORS"), ('{"orderRef": {"x": "A"}}', None)],
)
def test_a_body_that_names_no_one_order_sends_nothing(platform: Any, tmp_path: Path, body: str, state: Any) -> None:
    """An empty list, and a reference that is a list or an object, are no cancellation of anything."""
    there, path = platform(), tmp_path / "cancel.json"
    path.write_text(body)
    done = fw.react(there.client, path, **CANCEL, dry_run=False)
    assert (done.ok, done.state) == (False, state or done.state), done
    assert events(there) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"action": "delete"}, "action='delete'"),
        ({"action": "export"}, "by ref"),
        ({"action": "event"}, "needs a mapping"),
        ({**ATTRIBUTES, "route_options": {"find_by": "colour"}}, "finds nothing by 'colour'"),
        ({"body": 5}, "not int"),
    ],
)
def test_calls_that_cannot_be_meant_are_told(platform: Any, given: dict[str, Any], message: str) -> None:
    """An unknown action, an export of nothing, or a body that is none, is refused before anything is asked."""
    there = platform()
    body = given.pop("body", there.event(entity_type="ORDER", entity_ref=None))
    with pytest.raises(errors.ConfigError, match=message):
        fw.react(there.client, body, **given)


def judged(there: Any, folder: Path, name: str, **facts: Any) -> Judgement:
    """Return the judgement of a webhook that is kept under a name."""
    signed = there.simulator.webhook(**{"name": "Booked", "entity_type": "ORDER", "entity_ref": "ORD-00002", **facts})
    (folder / "key.pem").write_text(there.simulator.webhook_public_key)
    (folder / f"{name}.json").write_bytes(signed.body)
    return judge(folder / f"{name}.json", dict(signed.headers), keys=[folder / "key.pem"])


def test_a_judgement_is_acted_on_once(platform: Any, tmp_path: Path) -> None:
    """P31: the same event kept under another name is skipped; a look before remembers nothing."""
    there = platform()
    first, second = (judged(there, tmp_path, name, id="e-1") for name in ("one", "two"))
    assert fw.react(there.client, second, **ATTRIBUTES).ok
    done = [fw.react(there.client, one, **ATTRIBUTES, dry_run=False) for one in (first, second, first)]
    assert [one.state for one in done] == ["SUCCEEDED", "SKIPPED", "SKIPPED"]
    assert "from another place" in done[1].summary
    assert there.simulator.ledger.mutations.height == 1


def test_one_of_which_nothing_was_done_may_come_again(platform: Any, tmp_path: Path) -> None:
    """An export that found nothing yet lets the same event be handled when it comes again, from wherever."""
    there = platform()
    facts = {"entity_type": "FULFILMENT", "entity_ref": "FUL-9", "id": "e-1"}
    first, second = (judged(there, tmp_path, name, **facts) for name in ("one", "two"))
    for one in (first, second):
        done = fw.react(there.client, one, action="export", sink=f"{tmp_path}/{{id}}.csv", dry_run=False)
        assert done.state == "FAILED"


def test_a_mistake_before_anything_was_sent_keeps_no_event_back(platform: Any, tmp_path: Path) -> None:
    """An event whose handling failed on an argument may be handled from another place."""
    there = platform()
    first, second = (judged(there, tmp_path, name, id="e-1") for name in ("one", "two"))
    with pytest.raises(errors.FcworkError):
        fw.react(there.client, first, **{**ATTRIBUTES, "route_options": {"find_by": "colour"}}, dry_run=False)
    assert fw.react(there.client, second, **ATTRIBUTES, dry_run=False).state == "SUCCEEDED"


def test_a_refusal_after_a_run_that_died_gives_the_event_to_nobody_else(platform: Any, tmp_path: Path) -> None:
    """P17: what a run that was cut off may have sent is not sent from another place, whatever came of its next run."""
    there = platform()
    first, second = (judged(there, tmp_path, name, id="e-1") for name in ("one", "two"))
    assert first.claims
    assert first.claims.first(first.replay_key)  # and then it died
    odd = {"mutation": "updateOrder", "fields": {"ref": {"source": "nowhere", "required": True}}}
    assert fw.react(there.client, first, **{**ATTRIBUTES, "mapping": odd}, dry_run=False).state == "REFUSED"
    assert fw.react(there.client, second, **ATTRIBUTES, dry_run=False).state == "SKIPPED"
    assert fw.react(there.client, first, **ATTRIBUTES, dry_run=False).state == "SUCCEEDED"


def test_nothing_is_done_about_a_refusal(platform: Any, tmp_path: Path) -> None:
    """A judgement that is a refusal is never acted on, nor one whose file was changed since."""
    there = platform()
    good = judged(there, tmp_path, "one")
    (tmp_path / "two.json").write_bytes(good.raw + b" ")
    bad = judge(tmp_path / "two.json", {}, keys=[tmp_path / "key.pem"])
    for action in ("none", "mutation"):
        with pytest.raises(errors.WebhookError, match="refused"):
            fw.react(there.client, bad, **{**ATTRIBUTES, "action": action}, dry_run=False)
    (tmp_path / "one.json").write_bytes(good.raw.replace(b"ORD-00002", b"ORD-00003"))
    with pytest.raises(errors.SourceError, match="is not the one that was verified"):
        fw.react(there.client, good, **ATTRIBUTES, dry_run=False)
    assert there.simulator.ledger.mutations.height == 0


def test_an_action_needs_a_platform(platform: Any) -> None:
    """Without a client a webhook can be looked at, and nothing else."""
    event = platform().event()
    assert fw.react(None, event).ok
    with pytest.raises(errors.ConfigError, match="whose platform"):
        fw.react(None, event, **ATTRIBUTES)
