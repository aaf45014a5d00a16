import subprocess
from pathlib import Path

from servers import Bucket, Sftp


def test_the_bucket_of_a_test_is_its_own(s3_server: Bucket) -> None:
    """An S3 server answers on a port of this machine, and the bucket is empty."""
    assert s3_server.objects() == []
    s3_server.put("a b/ü.txt", b"1")
    assert s3_server.objects() == ["a b/ü.txt"]
    assert s3_server.uploads() == []


def test_the_folder_of_a_test_is_its_own(sftp_server: Sftp) -> None:
    """OpenSSH's own client signs in with the key and the known host, and sees the folder."""
    (sftp_server.root / "a.txt").write_bytes(b"1")
    options = [f"UserKnownHostsFile={sftp_server.known_hosts}", "BatchMode=yes", f"IdentityFile={sftp_server.key}"]
    command = ["sftp", "-F", "none", "-P", str(sftp_server.port)]
    command += [part for option in options for part in ("-o", option)]
    done = subprocess.run(
        [*command, f"{sftp_server.user}@{sftp_server.host}:{sftp_server.root}"],
        input="ls -1\n",
        check=False,
        capture_output=True,
        text=True,
    )
    assert "a.txt" in done.stdout, done.stderr


def test_connections_are_written(connections: Path) -> None:
    """The file of connections names the bucket and the folder, and only its owner may read it."""
    assert "[lake]" in connections.read_text("utf-8")
    assert connections.stat().st_mode & 0o077 == 0
