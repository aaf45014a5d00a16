import gzip
import hashlib
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from answers import Answer, Answers, Asked
from servers import Bucket, Process, forget_aws, free_port

from fcwork import sources
from fcwork.errors import SourceError
from fcwork.sources.elsewhere import named, opened_once
from fcwork.sources.filesystems import Filesystem
from fcwork.sources.filesystems.s3 import S3

SECRET = "a-secret/key+of=mine"
FOUND = {"ETag": '"0123"', "Last-Modified": "Wed, 01 Jul 2026 00:00:00 GMT"}


@pytest.fixture
def lake(s3_server: Bucket) -> Bucket:
    """Name the bucket ``lake``."""
    sources.connect("lake", type="s3", **s3_server.settings)
    return s3_server


@pytest.fixture
def scripted(answers: Answers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Answers:
    """Name a store ``lake`` that says what it is told to."""
    forget_aws(monkeypatch, tmp_path)
    sources.connect("lake", type="s3", **of(answers))
    return answers


def of(answers: Answers, **more: Any) -> dict[str, Any]:
    """Return the fields of a connection to what is scripted."""
    keys = {"access_key_id": "AKIATEST", "secret_access_key": SECRET}
    return {"bucket": "bucket", "endpoint_url": answers.endpoint, "region": "eu-central-1", **keys, **more}


def files() -> Filesystem:
    """Return the objects as fcwork sees them."""
    return opened_once(named("lake"))


def refusal(status: int, code: str) -> Answer:
    """Return what a store says when it refuses."""
    return Answer(status, f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code} it is</Message></Error>')


def test_a_listing_has_all_its_pages(lake: Bucket) -> None:
    """A folder of more objects than a page holds is listed to its end, and a glob finds all of them."""
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: lake.put(f"in/{number:04}.csv"), range(1_003)))
    lake.put("other/x.csv")
    assert sources.list("lake://in").height == 1_003
    assert sources.list("lake://in/*.csv")["name"].to_list() == [f"{number:04}.csv" for number in range(1_003)]
    assert sources.list("lake://**/1*.csv").height == 3


def test_a_glob_lists_no_more_than_its_beginning_leaves(scripted: Answers) -> None:
    """``in/ab*.csv`` lists what begins with in/ab, one level deep, and nothing else of the bucket."""
    page = "<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>"
    scripted.rule = lambda asked: Answer(404 if asked.method == "HEAD" else 200, page)
    with pytest.raises(SourceError, match="no file matches"):
        sources.list("lake://in/ab*.csv")
    listings = [one.query for one in scripted.asked if "delimiter" in one.query]
    assert (listings[0]["prefix"], listings[0]["delimiter"]) == (["in/ab"], ["/"])


def test_a_listing_without_an_end_is_refused(scripted: Answers) -> None:
    """P24: a store whose pages lead back to themselves is found out."""
    page = "<ListBucketResult><IsTruncated>true</IsTruncated><KeyCount>0</KeyCount>"
    page += "<NextContinuationToken>again</NextContinuationToken></ListBucketResult>"
    scripted.rule = lambda asked: Answer(404 if asked.method == "HEAD" else 200, page)
    with pytest.raises(SourceError, match="goes round in circles"):
        sources.list("lake://in/*.csv")


def test_the_mark_of_a_folder_is_no_file(lake: Bucket) -> None:
    """An object whose key ends in a slash only marks a folder, which is one even if it is empty."""
    lake.put("in/")
    lake.put("in/a.csv", b"a\n1\n")
    lake.put("void/")
    assert sources.list("lake://in")["name"].to_list() == ["a.csv"]
    assert sources.list("lake://in/")["name"].to_list() == ["a.csv"]
    assert sources.list("lake://void").height == 0
    assert sources.list("lake://**")["name"].to_list() == ["a.csv"]


def test_keys_that_look_like_paths_stay_as_they_are(lake: Bucket) -> None:
    """Two slashes or a dot in a key are part of it, and lead nowhere else."""
    for key in ("in//a.csv", "in/./b.csv", "./c.csv", "in/ .csv", "in/~.csv"):
        with sources.whole(f"lake://{key}") as stream:
            stream.write(key.encode())
        assert lake.get(key) == key.encode()
        assert lake.objects() == [key]
        assert sources.digest(f"lake://{key}") == hashlib.sha256(key.encode()).hexdigest()
        files().remove(key)


def test_bytes_stay_bytes(lake: Bucket) -> None:
    """What a store calls gzip is handed out as it lies there; a copy keeps what was told of the object."""
    packed = gzip.compress(b"a\n1\n")
    lake.put("a.csv.gz", packed, ContentEncoding="gzip", Metadata={"by": "erp"})
    with files().open("a.csv.gz") as stream:
        assert stream.read() == packed
    files().copy("a.csv.gz", "b.csv.gz")
    told = lake.client.head_object(Bucket=lake.bucket, Key="b.csv.gz")
    assert (told["ContentEncoding"], told["Metadata"]) == ("gzip", {"by": "erp"})


def test_an_upload_that_fails_leaves_nothing(lake: Bucket) -> None:
    """P29: parts of an upload that is not ended are dropped."""
    with pytest.raises(ZeroDivisionError), sources.whole("lake://out/a.bin") as stream:  # noqa: PT012 - the block fails
        stream.write(bytes(30_000_000))
        _ = 1 / 0
    assert lake.objects() == []
    assert lake.uploads() == []


def test_a_large_object_is_copied_in_parts(lake: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that is too large for one copy is put together of its parts, in order."""
    monkeypatch.setattr("fcwork.sources.filesystems.s3.COPIED_AT_ONCE", 6_000_000)
    monkeypatch.setattr("fcwork.sources.filesystems.s3_upload.COPIED_PART", 5 * 1024 * 1024)
    content = os.urandom(27_000_001)
    lake.put("big", content)
    files().copy("big", "copy")
    assert lake.get("copy") == content
    assert lake.uploads() == []


def test_a_copy_that_is_answered_with_200_and_an_error_is_none(scripted: Answers) -> None:
    """An answer of 200 whose body is an error is no success: not of a copy, and not of an upload's end."""
    broken = refusal(200, "InternalError")
    scripted.rule = lambda asked: Answer(200, "12345", FOUND) if asked.method == "HEAD" else broken
    with pytest.raises(OSError, match="InternalError"):
        files().copy("a", "b")
    assert [one.method for one in scripted.asked].count("PUT") == 3  # the store is asked again, and says it again

    def uploading(asked: Asked) -> Answer:
        if "uploads" in asked.query:
            return Answer(200, "<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>")
        if asked.method == "PUT":
            return Answer(200, "", {"ETag": '"1"'})
        return broken if asked.method == "POST" else Answer(204)

    scripted.rule = uploading
    with pytest.raises(SourceError, match="cannot be written: the store said InternalError"):  # noqa: SIM117
        with sources.whole("lake://big") as stream:
            stream.write(bytes(9_000_000))
    assert (scripted.asked[-1].method, scripted.asked[-1].query) == ("DELETE", {"uploadId": ["7"]})


@pytest.mark.parametrize("same", [True, False])
def test_an_upload_whose_last_answer_was_lost_is_looked_up(scripted: Answers, same: bool) -> None:  # noqa: FBT001 - a case
    """P29: where the store has ended an upload and could not say so, the object that stands there decides."""
    part = hashlib.md5(bytes(8 * 1024 * 1024), usedforsecurity=False)
    etag = hashlib.md5(part.digest() * 2, usedforsecurity=False).hexdigest() + "-2"

    def rule(asked: Asked) -> Answer:
        if "uploads" in asked.query:
            return Answer(200, "<InitiateMultipartUploadResult><UploadId>7</UploadId></InitiateMultipartUploadResult>")
        if asked.method == "HEAD":
            return Answer(200, "", {**FOUND, "ETag": f'"{etag if same else "0"}"'})
        if asked.method == "PUT":
            return Answer(200, "", {"ETag": f'"{part.hexdigest()}"'})
        lost = [one.method for one in scripted.asked].count("POST") == 2
        return refusal(503, "SlowDown") if lost else refusal(404, "NoSuchUpload")

    scripted.rule = rule
    with nullcontext() if same else pytest.raises(SourceError, match="cannot be written"):  # noqa: SIM117
        with sources.whole("lake://big") as stream:
            stream.write(bytes(16 * 1024 * 1024))


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (403, "InvalidAccessKeyId", "does not know the access key: InvalidAccessKeyId\n→ see to access_key_id"),
        (403, "SignatureDoesNotMatch", "does not take the secret access key"),
        (400, "ExpiredToken", "the session token has expired.*\n→ sign in again"),
        (403, "RequestTimeTooSkewed", "the clock of this machine is wrong"),
        (400, "AuthorizationHeaderMalformed", "does not take the region.*\n→ set region"),
        (404, "NoSuchBucket", "there is no bucket 'bucket' at http.*\n→ see to the name"),
        (403, "AccessDenied", "may not be read"),
        (418, "Teapot", "cannot be read: the store said Teapot: Teapot it is"),
    ],
)
def test_what_the_store_refuses_is_told(scripted: Answers, status: int, code: str, told: str) -> None:
    """P32: credentials, region, bucket and permission are told apart, each with what to do."""
    scripted.rule = lambda asked: Answer(status) if asked.method == "HEAD" else refusal(status, code)
    for call in (sources.list, sources.digest):
        with pytest.raises(SourceError, match=told) as caught:
            call("lake://in/a.csv")
        assert SECRET not in str(caught.value) + repr(vars(caught.value))


def test_what_may_not_be_written_is_told(scripted: Answers) -> None:
    """P32: an object that may not be written is told with its name and what the store says."""
    scripted.rule = lambda _: refusal(403, "AccessDenied")
    with (
        pytest.raises(
            SourceError, match=r"lake://a\.csv cannot be written: the store does not allow it \(AccessDenied\)"
        ),
        sources.whole("lake://a.csv") as stream,
    ):
        stream.write(b"1")


def test_a_missing_bucket_is_told(s3_server: Bucket) -> None:
    """P32: a bucket that is not there is told, when listing, reading and writing."""
    sources.connect("lake", type="s3", **{**s3_server.settings, "bucket": "no-such-bucket"})
    with pytest.raises(SourceError, match="there is no bucket 'no-such-bucket'"):
        sources.list("lake://*.csv")
    with pytest.raises(SourceError, match="there is no bucket 'no-such-bucket'"):
        sources.read("lake://a.csv")
    with pytest.raises(SourceError, match="there is no bucket 'no-such-bucket'"), sources.whole("lake://a") as stream:
        stream.write(b"1")


def test_a_wrong_endpoint_is_told(scripted: Answers) -> None:
    """P32: where nobody listens, or what answers is no S3, that is said with what to look at."""
    sources.connect("nobody", type="s3", **of(scripted, endpoint_url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(SourceError, match=r"does not answer: .*\n→ is endpoint_url right"):
        sources.list("nobody://in")
    scripted.rule = lambda asked: Answer(404 if asked.method == "HEAD" else 200, "Welcome!")
    with pytest.raises(SourceError, match="does not answer as S3 does"):
        sources.list("lake://in")


def test_a_store_that_says_nothing_is_given_up(lake: Bucket) -> None:
    """P32: a store that takes connections and never answers is told after a bounded time, in reading and writing."""
    lake.put("a.csv", b"1")
    sources.connect("slow", type="s3", **lake.settings, timeout_seconds=0.3)
    lake.process.freeze()
    begun = time.monotonic()
    try:
        with pytest.raises(SourceError, match="does not answer"):
            sources.digest("slow://a.csv")
        with pytest.raises(SourceError, match="does not answer"), sources.whole("slow://b.csv") as stream:
            stream.write(b"1")
    finally:
        lake.process.thaw()
    assert time.monotonic() - begun < 30
    assert sources.digest("slow://a.csv")


def test_an_object_that_is_replaced_while_it_is_read_is_no_mixture(lake: Bucket) -> None:
    """P31: bytes of two versions never come out of one reading."""
    lake.put("a.bin", bytes(20_000_000))
    with files().open("a.bin") as stream:
        stream.read(10)
        lake.put("a.bin", b"1" * 20_000_000)
        with pytest.raises(OSError, match="was replaced while it was read"):
            stream.read()


def test_a_store_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P29: a store that dies while it is read or written is told as such, and nothing claims to be written."""
    import boto3

    forget_aws(monkeypatch, tmp_path)
    command = "import sys; from moto.server import main; main(sys.argv[1:])"
    dying = Process(lambda port: [sys.executable, "-c", command, "-H", "127.0.0.1", "-p", str(port)], tmp_path / "log")
    dying.start()
    endpoint, keys = f"http://127.0.0.1:{dying.port}", {"access_key_id": "AKIATEST", "secret_access_key": SECRET}
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="AKIATEST", aws_secret_access_key=SECRET
    )
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="a.bin", Body=bytes(40_000_000))
    sources.connect("lake", type="s3", bucket="bucket", endpoint_url=endpoint, region="us-east-1", **keys)
    with pytest.raises(SourceError, match=r"lake|answer"), sources.whole("lake://b.bin") as writer:  # noqa: PT012, SIM117
        with files().open("a.bin") as reader:
            reader.read(10)
            writer.write(bytes(9_000_000))
            dying.kill()
            with pytest.raises((OSError, SourceError), match=r"answer|broke off"):
                reader.read()
            writer.write(bytes(9_000_000))


def test_plain_uris_heed_the_environment(s3_server: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``s3://bucket/key`` works by the variables of AWS, by its profiles, and by what they say now."""
    s3_server.put("in/a b.csv", b"a\n1\n")
    uri = f"s3://{s3_server.bucket}/in/a b.csv"
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", s3_server.region)
    with pytest.raises(SourceError, match="there are no credentials for the bucket"):
        sources.read(uri)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert sources.read(uri)["_source"].to_list() == [uri]
    assert sources.list(f"s3://{s3_server.bucket}/in/*.csv")["uri"].to_list() == [uri]

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    config = f"[profile acme]\nregion = eu-central-1\nendpoint_url = {s3_server.endpoint}\n"
    (tmp_path / "config").write_text(config + f"aws_access_key_id = a\naws_secret_access_key = {SECRET}\n", "utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "acme")
    assert sources.digest(uri)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SourceError, match="profile"):
        sources.digest(uri)
    sources.connect("lake", type="s3", bucket=s3_server.bucket, profile="acme", root="in")
    assert sources.list("lake://")["name"].to_list() == ["a b.csv"]


def test_how_a_request_is_signed(scripted: Answers) -> None:
    """A session token goes with the keys; an anonymous request carries neither; the bucket stands where it should."""
    sources.connect("token", type="s3", **of(scripted, session_token="a-session-token", path_style=True))
    sources.connect("public", type="s3", bucket="bucket", endpoint_url=scripted.endpoint, anonymous=True)
    with pytest.raises(SourceError):
        sources.digest("token://a b+%.csv")
    first = scripted.asked[0]
    assert first.headers["x-amz-security-token"] == "a-session-token"
    assert "/eu-central-1/s3/" in first.headers["authorization"]
    assert first.path == "/bucket/a%20b%2B%25.csv"
    scripted.asked.clear()
    with pytest.raises(SourceError):
        sources.digest("public://a.csv")
    assert not any("authorization" in one.headers for one in scripted.asked)


def test_threads_and_forks_share_a_connection(lake: Bucket) -> None:
    """Many threads use a connection at once, and a forked process makes its own."""
    lake.put("a.csv", b"a\n1\n")
    lake.put("b.csv", bytes(3_000_000))
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: sources.digest("lake://b.csv"), range(16)))) == 1
    assert forked(lambda: int(files().look("a.csv") is not None)) == 1  # no rows there: polars does not fork
    assert sources.read("lake://a.csv").height == 1


def forked(ask: Callable[[], int]) -> int:
    """Return what a forked process answers; 99 for an error."""
    process = os.fork()
    if not process:
        try:
            os._exit(ask())
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_secrets_are_seen_nowhere(lake: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    """P8: no repr, frame, error or line of the log holds the secret of a connection."""
    store = files()
    assert isinstance(store, S3)
    with pytest.raises(SourceError) as caught:
        sources.digest("lake://nope")
    shown = [repr(store.terms), repr(named("lake")), str(sources.connections().rows()), repr(caught.value)]
    out = capsys.readouterr()
    assert lake.secret_access_key not in "".join([*shown, out.out, out.err, str(caught.value)])


def test_the_libraries_log_no_session_token(lake: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    """P9: what botocore logs of a request at DEBUG holds neither session token nor secret key, known or not."""
    token = "FwoGZXIvYXdzEXAMPLE/session+token=="
    sources.connect("lake", type="s3", **lake.settings, session_token=token)
    with caplog.at_level(logging.DEBUG):
        assert sources.list("lake://").height == 0
        logging.getLogger("botocore.auth").debug("x-amz-security-token:%s", "of-a-profile-unknown-here")
    assert "x-amz-security-token:" in caplog.text.lower()
    for secret in (token, lake.secret_access_key, "of-a-profile"):
        assert secret not in caplog.text


def test_a_traceback_with_variables_shows_no_secret(lake: Bucket) -> None:
    """P9: an error of the library comes without the frames that it went through, whose variables hold the secret."""
    sources.connect("lake", type="s3", **{**lake.settings, "region": "no region"})
    with pytest.raises(SourceError) as caught:
        sources.list("lake://")
    shown = traceback.TracebackException(SourceError, caught.value, caught.tb.tb_next, capture_locals=True)
    assert lake.secret_access_key not in "".join(shown.format())


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: where what S3 needs is not installed, the error says what to install."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules, "fcwork.sources.filesystems.s3", raising=False)
    with pytest.raises(SourceError, match=r"pip install 'fcwork\[s3\]'"):
        sources.list("s3://some-bucket-that-nobody-opened/")


def test_reading_holds_no_more_than_a_few_blocks(lake: Bucket) -> None:
    """What is read of a large object is fetched as it is needed, not all of it."""
    lake.put("big.bin", bytes(60_000_000))
    before = {thread.name for thread in threading.enumerate()}
    with files().open("big.bin") as stream:
        stream.read(100)
        held = stream.raw  # type: ignore[attr-defined]  # of BufferedReader
        assert sum(length for _, length, _ in held._coming) < 8_000_000
    assert {thread.name for thread in threading.enumerate()} <= before | {"fsspecIO"}
