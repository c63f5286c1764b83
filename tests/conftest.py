"""What tests of all folders share."""

import gc
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from postgres import fresh_database, running_server
from proxy import running_proxy

# It has a process forked when TensorFlow is loaded, which the first test to use it does.
import mpsearch.model.gradients.remote  # noqa: F401

GOLDEN = Path(__file__).parent / "golden"

# A shell starts what is to run in the background with SIGINT ignored, and children inherit that;
# with a handler they get the default.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew; review the diff"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: one that begins last leaves the other processors with nothing to do.

    Tests of the same network of the zoo run in one process, which compiles it once.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        name = getattr(getattr(item, "callspec", None), "params", {}).get("name")
        if isinstance(name, str) and hasattr(getattr(item, "module", None), "zoo"):
            item.add_marker(pytest.mark.xdist_group(f"zoo:{name}"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the first test that needs it, TensorFlow is imported, and Python told to keep it.

    mpsearch has Python look for garbage after each model that it lets go of: among the million
    objects of those modules, a fifth of what searches took.
    """
    if item.get_closest_marker("tf") is not None and not gc.get_freeze_count():
        from mpsearch.cli.commands import search  # noqa: F401 - imported to be kept
        from mpsearch.model.backend import keras

        keras.backend.backend()
        gc.collect()
        gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with tests/golden/<name>, byte for byte."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_bytes(text.encode())
        assert text.encode() == path.read_bytes(), (
            f"{name} changed; if on purpose, run pytest --update-golden and review the diff"
        )

    return check


# A busy machine is no reason to fail.
settings.register_profile("mpsearch", deadline=None)
# For who wants to know only whether a test fails, not the smallest example of it.
settings.register_profile(
    "unshrunk", deadline=None, database=None, phases=(Phase.explicit, Phase.generate)
)
# Before a release: pytest --hypothesis-profile=long.
settings.register_profile("long", deadline=None, max_examples=10_000)
settings.load_profile("mpsearch")


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What mpsearch remembers between runs, in processes that tests start as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.delenv("MPSEARCH_STORAGE", raising=False)
        yield


@pytest.fixture(scope="module", autouse=True)
def _shared_digits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests of whole commands share the bundled network, but those of a process it has."""
    folder, name = request.path.parent.name, request.path.stem
    if folder != "pipeline" or name == "test_gradient_deaths":
        yield
        return
    from shared_digits import digits_shared

    with digits_shared():
        yield


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server."""
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "journal", "postgresql", "grpc"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty storage of each kind."""
    match request.param:
        case "postgresql":
            yield fresh_database(request.getfixturevalue("postgres"))
        case "grpc":
            with running_proxy(f"sqlite:///{tmp_path}/behind.db") as url:
                yield url
        case kind:
            yield f"{kind}:///{tmp_path}/study"
