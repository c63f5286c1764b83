"""Storages, studies and folders that cannot be used, and processes that are disturbed."""

from bad_inputs.row import SEARCH, Row, written

LONG = ("search", "--budget", "1", "--sampler", "random")


def disturbed(what: str, code: int, *says: str) -> Row:
    """A search to which something happens while it works; those that end there have much to do."""
    trials = "3000" if code else "200"
    return Row(84, (*LONG, "--study-name", what, "--trials", trials), code, says, sent=what)


AGAIN = "run the same command again"
ROWS = (
    Row(81, (*SEARCH, "--budget", "1", "--storage", "sqlite:///none/x.db"), 2, ("none",)),
    Row(81, (*SEARCH, "--budget", "1", "--storage", "oracle://u:secret@h/d"), 2, ("oracle",)),
    Row(81, (*SEARCH, "--budget", "1", "--storage", "sqlite:///file.txt"), 2, ("file.txt",)),
    Row(82, (*SEARCH, "--budget", "0", "--model", "ten.keras", "--out", "kept"), 2, ("model",)),
    Row(82, (*SEARCH, "--budget", "3", "--trials", "-1"), 2, ("-1",)),
    Row(
        83,
        (*SEARCH, "--budget", "3", "--out", "file.txt"),
        3,
        ("file.txt",),
        written("file.txt", b"mine"),
    ),
    disturbed("SIGINT", 130, AGAIN),
    disturbed("SIGTERM", 143, AGAIN),
    disturbed("SIGHUP", 129, AGAIN),
    disturbed("SIGKILL", -9),
    disturbed("SIGSTOP", 0),
    disturbed("copy", 0),
)
