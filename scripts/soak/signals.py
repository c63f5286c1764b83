"""Stop a search by a signal at random moments, from its first import on; nothing may be lost.

Run: python scripts/soak/signals.py [COUNT]; each of SIGINT, SIGTERM and SIGHUP 20 times if not
said. One study per signal, which the same command continues each time.

A search that has begun must say so in one line, exit with 128 and the signal's number, leave no
process behind, and keep every plan measured as it was. Signals that come before the command is
there to listen (the interpreter's start and the first imports) are counted apart.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SEARCH: Final = ("search", "--budget", "1", "--sampler", "random", "--trials", "100000", "--quiet")
SAID: Final = "mpsearch: stopped; what was measured is kept, run the same command again to go on\n"
STARTING: Final = 4.0  # seconds in which half of the signals are sent
MEASURING: Final = 6.0


def finished(study: Path) -> dict[int, Any]:
    """Number of every plan measured → what is in the study of it."""
    rows = asked(
        study,
        "SELECT number, datetime_complete, group_concat(key || value_json) FROM trials "
        "JOIN trial_user_attributes USING (trial_id) WHERE state = 'COMPLETE' GROUP BY trial_id",
    )
    return {number: rest for number, *rest in rows}


def open_claims(study: Path) -> int:
    """Plans that a search says it is measuring."""
    return len(asked(study, "SELECT number FROM trials WHERE state = 'RUNNING'"))


def asked(study: Path, question: str) -> list[Any]:
    """Rows of the study's database; none where it is not made yet."""
    try:
        with closing(sqlite3.connect(f"file:{study}/study.db?mode=ro", uri=True)) as database:
            return database.execute(question).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "unable to open" in str(error):
            return []
        raise


def left_running(session: int) -> list[int]:
    """Processes of a session, where there is /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(after_name[3]) == session and after_name[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def require_kept(before: dict[int, Any], after: dict[int, Any]) -> None:
    """Check that what was finished is there as it was."""
    assert all(after[number] == was for number, was in before.items()), "a measurement changed"


def started(study: Path, *options: str) -> "subprocess.Popen[str]":
    """A search in a session of its own; *options* may overrule :data:`SEARCH`."""
    return subprocess.Popen(
        [sys.executable, "-m", "mpsearch", *SEARCH, "--out", str(study), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stop_once(study: Path, number: signal.Signals, chance: random.Random) -> bool:
    """One search and one signal; whether it listened."""
    before = finished(study)
    is_early = chance.random() < 0.5
    process = started(study)
    while not is_early and len(finished(study)) == len(before):
        assert process.poll() is None, "it ended by itself"
        time.sleep(0.1)
    time.sleep(chance.uniform(0, STARTING if is_early else MEASURING))
    at_signal = finished(study)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    require_kept(at_signal, finished(study))
    assert not left_running(process.pid), "something is left running"
    assert not list(study.glob(".*.tmp")), "a temporary file is left"
    if (process.returncode, said) == (128 + number, SAID):
        assert not open_claims(study), "a claim was left open"
        return True
    assert is_early, f"exit code {process.returncode}: {said}"
    assert process.returncode in (-number, 130), f"exit code {process.returncode}: {said}"
    assert number != signal.SIGTERM or not said
    return False


def main() -> None:
    """Entry point."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    chance = random.Random(0)
    for number in SIGNALS:  # what a shell lets a background job ignore would be ignored by us
        signal.signal(number, signal.default_int_handler)
    for number in SIGNALS:
        with tempfile.TemporaryDirectory() as folder:
            study = Path(folder) / "study"
            listened = sum(stop_once(study, number, chance) for _ in range(count))
            print(
                f"{number.name}: {count} sent, {listened} answered, {count - listened} before the "
                f"command was there; {len(finished(study))} plans, none lost",
                flush=True,
            )


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
