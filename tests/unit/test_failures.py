"""What a disk refuses is one sentence, whichever library noticed it."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from distilgliner.errors import UserError
from distilgliner.failures import describe_failure, explain_failure, name_failures


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "quota is used up"),
        (OSError(errno.EFBIG, "File too large"), "larger than files may be"),
        (OSError(errno.EROFS, "Read-only file system"), "read-only"),
        (OSError(errno.EIO, "Input/output error"), "input/output error"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 5"), "is full"),
        (RuntimeError("PytorchStreamWriter failed writing file data/0"), "is full"),
        (Exception("No space left on device (os error 28)"), "the disk is full"),
        (Exception("I/O error: File too large (os error 27)"), "larger than files may be"),
    ],
)
def test_errors_of_disks(error: Exception, reason: str) -> None:
    with pytest.raises(UserError, match=rf"^out cannot be written \(.*{reason}") as caught:  # noqa: SIM117
        with name_failures("out"):
            raise RuntimeError("as optuna says it") from error
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_errors_of_programs_stay() -> None:
    assert explain_failure(ValueError("no number"), "out") is None
    assert explain_failure(FileNotFoundError(errno.ENOENT, "No such file", "a"), "out") is None
    with pytest.raises(ZeroDivisionError), name_failures("out"):
        _ = 1 / 0


def test_the_file_that_failed_is_named() -> None:
    told = describe_failure(PermissionError(errno.EACCES, "Permission denied", "a.json"), "out")
    assert str(told) == (
        "a.json cannot be written (permission denied); change its permissions or choose another "
        "path."
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_libraries_on_a_full_device(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    parquet, arrow = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("pyarrow")
    table = arrow.table({"a": list(range(20_000))})
    full = tmp_path / "full"
    full.symlink_to("/dev/full")  # pyarrow removes what it could not write: root, the device itself
    for write in (
        lambda: torch.save(torch.zeros(100_000), full),
        lambda: parquet.write_table(table, full),
    ):
        with pytest.raises(UserError, match=r"shard cannot be written \("), name_failures("shard"):
            write()
