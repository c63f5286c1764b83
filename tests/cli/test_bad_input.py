"""Bad input is refused in one line."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mpsearch.cli.main import run

LONG = "x" * 300


SEARCH = ("search", "--budget", "2")


@dataclass(frozen=True)
class Case:
    """A command line and what the message must name."""

    argv: tuple[str, ...]
    names: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join(self.argv)[:60]


def case(*argv: str, names: str | tuple[str, ...], **files: str) -> Case:
    """Files are given as ``study="…"`` for ``study.toml``."""
    wanted = (names,) if isinstance(names, str) else names
    return Case(argv, wanted, {f"{name}.toml": text for name, text in files.items()})


COMMAND_LINES = [
    case(names="COMMAND"),
    case("frobnicate", names="'frobnicate'"),
    case("--frobnicate", names="COMMAND"),
    case("schemes", "--frobnicate", names="--frobnicate"),
    case("predict", "a.toml", "b.toml", names="b.toml"),
    case("predict", "--model", names="--model"),
    case("predict", "--resize", "fit", names="'fit'"),
    case("check", names="kind"),
    case("check", "everything", names="'everything'"),
    case("create", names="FAMILY"),
    case("export", names="PLAN"),
    case("export", "demo", "--coding", "zip", names="'zip'"),
    case("verify", names="FILE"),
    case("verify", "none.mpq", names=("'none.mpq'", "no such file")),
    case("verify", ".", names="no such file"),
    case("unpack", "none.mpq", names="--to"),
    case("unpack", "none.mpq", "--to", "a.h5", names=("'a.h5'", ".keras")),
    case("unpack", "none.mpq", "--to", "a.keras", names=("'none.mpq'", "no such file")),
    case("search", "--coding", "zip", "--budget", "1", names="'zip'"),
    case("search", "--metric", "median", "--budget", "1", names="'median'"),
    case("search", "--sampler", "genetic", "--budget", "1", names="'genetic'"),
    case("search", "--seed", "x", "--budget", "1", names="'x'"),
]


SCHEMES = [
    case("schemes", "fix9", names=("unknown scheme 'fix9'", "Did you mean 'fix8'?")),
    case("create", "fix9", names=("unknown scheme 'fix9'", "Did you mean 'fix8'?")),
    case("create", "bitwiseand", names=("'bitwiseand'", "Did you mean 'bitwiseAnd_k'?")),
    case("check", "uniform", "--schemes", "fl16,fix9", names=("'fix9'", "'fix8'")),
    case("check", "each-layer", "--schemes", "fl61", names=("'fl61'", "'fl16'")),
    case(*SEARCH, "--schemes", "fix9", names=("'fix9'", "'fix8'")),
    case(*SEARCH, "--schemes", "bitwiseAnd_23", names=("bitwiseAnd_23", "1 to 22")),
    case("schemes", "bitwiseAnd_0", names=("bitwiseAnd_0", "1 to 22")),
    case("schemes", "bitwiseAnd_-1", names=("bitwiseAnd_-1", "1 to 22")),
    case("schemes", "bitwiseAnd", names="'bitwiseAnd_'"),
    case("schemes", "prun_0", names=("prun_0", "positive")),
    case("schemes", "prun_-1", names=("prun_-1", "positive")),
    case("schemes", "prun_nan", names=("prun_nan", "positive")),
    case("schemes", "fl16_3", names=("'fl16'", "'3'")),
    case("schemes", "", names="''"),
]


NUMBERS = [
    case("search", names="--budget"),
    case("search", "--budget", "-1", names=("-1", "0 to 100")),
    case("search", "--budget", "nan", names=("nan", "0 to 100")),
    case("search", "--budget", "inf", names=("inf", "0 to 100")),
    case("search", "--budget=-inf", names=("-inf", "0 to 100")),
    case("search", "--budget", "101", names=("101", "0 to 100")),
    case("search", "--budget", "100.0001", names=("100.0001", "0 to 100")),
    case("search", "--budget", "two", names=("--budget", "'two'")),
    case("search", "--budget", "2%", names=("--budget", "'2%'")),
    case("search", "--max-bytes", "0", names=("max-bytes 0", "1 or more")),
    case("search", "--max-bytes", "0.5", names=("--max-bytes", "'0.5'")),
    case("search", "--ratio", "0.9", names=("ratio 0.9", "1 or more")),
    case("search", "--ratio", "nan", names=("ratio nan", "1 or more")),
    case("search", "--ratio", "2", "--max-bytes", "9", names=("--ratio", "not several")),
    case(*SEARCH, "--ratio", "2", names=("--budget", "not several")),
    case("search", "--pareto", "--ratio", "2", names=("--pareto", "not several")),
    case(*SEARCH, "--holdout", "1", names=("holdout 1", "below 1")),
    case(*SEARCH, "--holdout", "-0.1", names="holdout -0.1"),
    case(*SEARCH, "--sure", "100", names="percent from 50 to below 100"),
    case(*SEARCH, "--metric", "accuracy", names="give --truth"),
    case(*SEARCH, "--budget-on", "unseen", "--holdout", "0", names="--holdout above 0"),
    case(*SEARCH, "--budget-on", "test", names="'test'"),
    case(*SEARCH, "--lock", "conv1", names=("'conv1'", "PATTERN=SCHEME")),
    case(*SEARCH, "--lock", "conv1=fl17", names="fl17"),
    case(*SEARCH, "--forbid", "=fl16", names=("'=fl16'", "PATTERN=SCHEME")),
    case(*SEARCH, "--trials", "0", names="trials 0"),
    case(*SEARCH, "--trials", "-1", names="trials -1"),
    case(*SEARCH, "--trials", "1.5", names="'1.5'"),
    case(*SEARCH, "--timeout", "-1", names="timeout -1"),
    case(*SEARCH, "--timeout", "0", names="timeout 0"),
    case(*SEARCH, "--timeout", "nan", names="timeout nan"),
    case(*SEARCH, "--timeout", "soon", names="'soon'"),
    *(
        case("predict", f"--size={size}", names=(repr(size), "224x224"))
        for size in ("0x3", "3x0", "x", "axb", "224x", "-1x5", "224x224x3", "1e3x5", "100000x1", "")
    ),
    *(
        case("predict", f"--memory={memory}", names=(repr(memory), "16M"))
        for memory in ("0", "1", "15M", "4X", "much", "-4G", "1.5G", "")
    ),
]


FILES = [
    case("predict", "--images", "missing.jpg", names="'missing.jpg'"),
    case("predict", "--images", "*.jpg", names="'*.jpg'"),
    case("predict", "--images", LONG, names=LONG),
    case("predict", "--model", "missing.keras", names="'missing.keras'"),
    case("profile", "--model", "missing.keras", names="'missing.keras'"),
    case("create", "fix8", "--model", "missing.keras", names="'missing.keras'"),
    case("check", "uniform", "--model", "missing.keras", names="'missing.keras'"),
    case(*SEARCH, "--model", "missing.keras", names="'missing.keras'"),
    case("predict", "--model", LONG, names=LONG),
    case("predict", "--model", "https://example.com/net.keras", names="example.com"),
    case("predict", "--model", "bundled:cats", names=("'bundled:cats'", "bundled:digits")),
    case("predict", "--model", "study.toml", names="'study.toml'", study="seed = 1\n"),
    case("predict", "--preprocess", "imagenet", names=("'imagenet'", "caffe", "SCALE,OFFSET")),
    case("predict", "--labels", "missing.txt", names="'missing.txt'"),
    case("predict", "missing.toml", names="'missing.toml'"),
    case("predict", LONG, names=LONG),
    case("search", ".", "--budget", "1", names="'.'"),
]


QUANTI_ARRAYS = [
    case("check", "uniform", "--quanti-array", "['fix8']", names="--quanti-array"),
    case("check", "each-layer", "--quanti-array", "['fix8']", names="--quanti-array"),
    case("check", "specific", names="--quanti-array"),
]


EXPORTS = [
    case("export", "missing.json", names="'missing.json'"),
    case("export", "missing.py", names="'missing.py'"),
    case("export", "missing.json", "--format", "pdf", names=("'pdf'", "quanti_array")),
    case("export", "missing.json", "--format", "json,pdf", names="'pdf'"),
    case("export", ".", names="'.'"),
    case("export", LONG, names=LONG),
]


REPORTS = [
    case("report", names="STUDY"),
    case("report", "none", names=("'none'", "no such folder")),
    case("report", LONG, names=LONG),
    case("report", ".", names=("'.'", "neither a result.json nor measured plans")),
    case("report", ".", "none", names=("'none'", "no such folder")),
    case("report", "a", "b", "c", names="c"),
    case("report", ".", names="not TOML", study="budget = \n"),
    case("report", ".", names="redis://host/db", study='storage = "redis://host/db"\n'),
]


STUDIES = [
    case("predict", "study.toml", names=("'bugdet'", "'budget'"), study="bugdet = 2\n"),
    case(
        "search",
        "study.toml",
        names=("'zzz'", "budget_on, calibrate, coding, compare"),
        study="zzz = 2\n",
    ),
    case("search", "study.toml", names="--budget", study=""),
    case("search", "study.toml", names="not TOML", study="budget = \n"),
    case("search", "study.toml", names="not TOML", study="a" * 50),
    case("search", "study.toml", names=("budget", "'2'"), study='budget = "2"\n'),
    case("search", "study.toml", names=("budget", "True"), study="budget = true\n"),
    case("search", "study.toml", names="nan", study="budget = nan\n"),
    case("search", "study.toml", names="-3", study="budget = -3\n"),
    case("search", "study.toml", names=("trials", "1.5"), study="budget = 1\ntrials = 1.5\n"),
    case("search", "study.toml", names="trials 0", study="budget = 1\ntrials = 0\n"),
    case("search", "study.toml", names="timeout -1", study="budget = 1\ntimeout = -1\n"),
    case("search", "study.toml", names="'median'", study='budget = 1\nmetric = "median"\n'),
    case("search", "study.toml", names="'fix9'", study='budget = 1\nschemes = ["fix9"]\n'),
    case("search", "study.toml", names=("schemes", "[1]"), study="budget = 1\nschemes = [1]\n"),
    case("predict", "study.toml", names=("model", "3"), study="model = 3\n"),
    case("predict", "study.toml", names=("from_logits", "1"), study="from_logits = 1\n"),
    case(
        "predict",
        "study.toml",
        names=("allow_unsafe_model", "'yes'"),
        study='allow_unsafe_model = "yes"\n',
    ),
    case("predict", "study.toml", names="'fit'", study='resize = "fit"\n'),
    case("predict", "study.toml", names="'huge'", study='size = "huge"\n'),
    case("predict", "study.toml", names="'much'", study='memory = "much"\n'),
    case("predict", "study.toml", names="missing.keras", study='model = "missing.keras"\n'),
    case("predict", "study.toml", names="missing.png", study='images = "missing.png"\n'),
    case("predict", "study.toml", names="a\\x00b", study='model = "a\\u0000b"\n'),
    case("predict", ".", names="'bugdet'", study="bugdet = 2\n"),
]


# These are as bad as the others, but cost a model load or more as long as they are seen late.
SEEN_AT_ONCE = [
    case("search", "study.toml", names="'genetic'", study='budget = 1\nsampler = "genetic"\n'),
    case("search", "study.toml", names="'zip'", study='budget = 1\ncoding = "zip"\n'),
    case(*SEARCH, "--storage", "redis://host/db", names=("redis://host/db", "journal:///FILE")),
    case(*SEARCH, "--storage", "postgresql://host", names="names no database"),
    case(*SEARCH, "--storage", "grpc://host:1/x", names="grpc://HOST:PORT"),
    case(*SEARCH, "--storage", "journal://here", names="journal:///here.db"),
    case(*SEARCH, "--workers", "0", names="workers = 0"),
    case("search", "study.toml", names="workers = 65", study="budget = 1\nworkers = 65\n"),
    case("search", "study.toml", names="workers = 'all'", study='budget = 1\nworkers = "all"\n'),
    case("search", "study.toml", names="'x://y'", study='budget = 1\nstorage = "x://y"\n'),
    case("check", "uniform", "study.toml", names="'fix9'", study='schemes = ["fix9"]\n'),
]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    "case",
    [
        *COMMAND_LINES,
        *SCHEMES,
        *NUMBERS,
        *FILES,
        *QUANTI_ARRAYS,
        *EXPORTS,
        *REPORTS,
        *STUDIES,
        *SEEN_AT_ONCE,
    ],
    ids=str,
)
def test_bad_input_is_refused(here: Path, capsys: pytest.CaptureFixture[str], case: Case) -> None:
    for name, text in case.files.items():
        (here / name).write_text(text)
    before = contents(here)
    code = run(case.argv)
    out, err = capsys.readouterr()
    assert (code, out) == (2, ""), err
    assert err.startswith("mpsearch: error: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    for name in case.names:
        assert name in err
    assert contents(here) == before


@pytest.mark.usefixtures("here")
def test_passwords_in_a_storage_url_are_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SEARCH, "--storage", "redis://someone:sesame@host/db"]) == 2
    err = capsys.readouterr().err
    assert "host/db" in err
    assert "sesame" not in err


@pytest.mark.usefixtures("here")
def test_line_ends_in_names_do_not_make_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", "--model", "a\nb\r\nmpsearch: fine"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.usefixtures("here")
def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schemes", "fix9", "--debug"]) == 2
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert err.splitlines()[-1].startswith("mpsearch: error: unknown scheme 'fix9'")
