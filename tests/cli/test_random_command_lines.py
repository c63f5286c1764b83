"""Whatever is typed, there is one line about it, and an exit code that scripts can rely on."""

import io
import sys
from pathlib import Path

import pytest
from command_line import commands
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mpsearch.cli.main import run

# What people type where something else is meant, and what nobody should.
WORDS = st.sampled_from(
    [
        *"- -- -1 0 1 1e9 nan inf 0x10 1,2 a=b = fix8 fix9 bitwiseAnd_99 all none".split(),
        *"missing.png missing.json . .. / no/such/folder é 名 %s {0} $HOME * ~ 2% ['fix8']".split(),
        *("", " ", "\t", "a\nb", "\udc80", "x" * 300),
    ]
) | st.text(max_size=12)
# Without those that print the manual or tracebacks.
OPTIONS = {
    name: sorted({o for a in one._actions for o in a.option_strings} - {"-h", "--help", "--debug"})
    for name, one in commands()
}


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    command = draw(st.sampled_from(sorted(OPTIONS)))
    argv = [command]
    for _ in range(draw(st.integers(0, 5))):
        if draw(st.booleans()):
            argv.append(draw(st.sampled_from(OPTIONS[command])))
        if draw(st.booleans()):
            argv.append(draw(WORDS))
    if "--model" in OPTIONS[command]:
        argv += ["--model", "missing.keras"]  # so that nothing long begins
    return argv


FEW = 300


@settings(
    max_examples=max(FEW, settings().max_examples),
    derandomize=settings().max_examples < FEW,  # what is new is for who looks for it, long
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(argv=["studies", "\udc80"])
@example(argv=["studies", "x" * 300])
@given(argv=command_lines())
def test_any_command_line_ends_in_an_answer_or_in_one_line(
    argv: list[str], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(errors="backslashreplace")  # as main() does
    code = run([*argv])
    out, err = capsys.readouterr()
    assert code in {0, 2, 3}
    assert "Traceback" not in err
    if code:
        assert out == ""
        lines = err.splitlines()
        assert [line for line in lines if line.startswith("mpsearch: error: ")] == lines[-1:]
        assert lines[:-1] in ([], ["starting Optuna's dashboard, which takes some seconds"])
    assert not list(here.iterdir())
