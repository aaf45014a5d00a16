"""Each event once in both stores: of several processes that verify it, one acts on it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from forging import body, pair

from fcwork.clock import ManualClock
from fcwork.store import Store
from fcwork.webhooks import SeenEvents

Workers = Callable[..., list[subprocess.Popen[str]]]


def test_of_several_processes_one_finds_the_event_fresh(workers: Workers, tmp_path: Path) -> None:
    """P6: four processes verify the same 25 events at once: each event is fresh in one, a DUPLICATE in three."""
    key = pair(2_048)
    bodies = [body(id=f"event-{number}") for number in range(25)]
    requests = [(raw.decode(), key.signed(raw)) for raw in bodies]
    given = tmp_path / "requests.json"
    given.write_text(json.dumps({"key": key.pem, "requests": requests}))
    code = (
        "import json, pathlib\nfrom fcwork.errors import DuplicateEventError\n"
        "from fcwork.webhooks import SeenEvents, verify\n"
        f"given, fresh, again = json.loads(pathlib.Path({str(given)!r}).read_text()), 0, 0\n"
        "seen = SeenEvents(s)\n"
        "for raw, headers in given['requests']:\n"
        "    try: fresh += verify(raw.encode(), headers, given['key'], seen=seen).replay_checked\n"
        "    except DuplicateEventError: again += 1\n"
        "print(fresh, again)\n"
    )
    told = [worker.communicate(timeout=100)[0].split() for worker in workers(code, 4)]
    assert sum(int(fresh) for fresh, _ in told) == 25
    assert sum(int(again) for _, again in told) == 75


def test_claims_and_times_are_those_of_the_store(store: Store, clock: ManualClock) -> None:
    """P6: in both stores the same owner may go on, nobody else may, and after its time a key is new."""
    seen = SeenEvents(store, ttl_seconds=60, clock=clock)
    assert seen.first("a", owner="row-1")
    assert seen.first("a", owner="row-1")
    assert not seen.first("a", owner="row-2")
    assert not seen.first("a")
    assert "a" in seen
    clock.advance(61)
    assert seen.first("a", owner="row-2")
    assert seen.forget("a")
    assert seen.first("\0" * 3_000)
    assert not seen.first("\0" * 3_000)
