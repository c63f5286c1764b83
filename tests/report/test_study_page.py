"""The page of a study: says what the numbers say, and no name is markup."""

import dataclasses
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_study import HOSTILE, MadeStudy, made_study

from mpsearch.api.report import write_comparison, write_report
from mpsearch.api.study_record import read_study
from mpsearch.propose.goal import Goal
from mpsearch.report.comparison import differences, verdict
from mpsearch.report.evidence import verification
from mpsearch.report.sentences import headline
from mpsearch.search.result import Promise
from mpsearch.values.errors import StudyError

pytestmark = pytest.mark.xdist_group("study_page")  # what is shared is made once

ALLOWED = set(
    "html head meta title style body a header h1 h2 main nav ul li p dl div dt dd small "
    "section pre code figure picture source img figcaption table caption thead tbody tr th td "
    "footer".split()
)
VOID = {"meta", "source", "img"}


class Reader(HTMLParser):
    """Checks as it reads that every tag is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "<i>study"
    made_study(folder, HOSTILE, worst_image="<img src=x onerror=alert(3)>\udcff")
    return folder


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    """The page of that study."""
    return write_report(folder).page.read_text(encoding="utf-8")


def test_names_are_words_and_never_markup(text: str) -> None:
    reader = Reader(text)
    assert {tag for tag, _ in reader.tags} <= ALLOWED
    names = {name for _, attributes in reader.tags for name in attributes}
    assert not [name for name in names if name.startswith("on")]
    said = " ".join(reader.words)
    for name in ('<script>alert("1")</script>', "]]> --> <!--", "made<up>", "<i>study"):
        assert name in said
    assert "<img src=x onerror=alert(3)>" in said


def test_a_page_is_small_and_complete_in_itself(text: str) -> None:
    assert len(text) < 5_000_000
    reader = Reader(text)
    for _, attributes in reader.tags:
        for name in ("src", "srcset", "href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/svg+xml;base64,", "#"))
    assert reader.all("html") == [{"lang": "en"}]
    assert "url(" not in text
    assert all(image.get("alt") for image in reader.all("img"))
    assert all(head.get("scope") in {"col", "row"} for head in reader.all("th"))
    anchors = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(anchors) == len(set(anchors))
    links = {link["href"] for link in reader.all("a")}
    assert links <= {f"#{anchor}" for anchor in anchors}


def test_a_report_is_the_same_each_time(folder: Path, text: str, tmp_path: Path) -> None:
    assert text
    again = write_report(folder, tmp_path)
    assert {p.name: p.read_bytes() for p in (folder / "report").iterdir()} == {
        p.name: p.read_bytes() for p in again.page.parent.iterdir()
    }


@pytest.mark.slow
def test_a_deep_network_still_fits_the_page(tmp_path: Path) -> None:
    made = MadeStudy(tmp_path, [f"stage{i // 9}_separable_{i % 9}" for i in range(150)], trials=8)
    made.write_result()
    made.write_profile()
    written = write_report(tmp_path)
    text = written.page.read_text(encoding="utf-8")
    assert len(text) < 5_000_000
    assert text.count("<figure") == 1 + 3 + 3 + 1
    assert "layers 51 to 100" in text


def test_the_sentence_says_the_result(folder: Path) -> None:
    record = read_study(folder)
    result = record.result
    assert result is not None
    before, after = result.original_nbytes + 12_000, result.nbytes + 12_000
    assert headline(record) == (
        f"made<up> shrinks from {before / 1e3:.0f} kB to {after / 1e3:.0f} kB "
        f"({before / after:.1f} times smaller) and loses {result.drop_pp:.2f} pp of confidence "
        "(mean fall), within the budget of 2 pp; on 4 held-back images 1.70 pp [0.60, 3.10]."
    )
    none_held = dataclasses.replace(record, result=dataclasses.replace(result, verify=None))
    assert headline(none_held).endswith("; no images were held back.")
    assert result.verify is not None
    worse = dataclasses.replace(result.verify, drop_pp=12.34)
    broken = dataclasses.replace(record, result=dataclasses.replace(result, verify=worse))
    assert headline(broken).endswith(
        "; on 4 held-back images it breaks the budget: 12.3 pp [0.60, 3.10]."
    )


def test_a_promise_leads_the_sentence_and_the_table(folder: Path) -> None:
    record = read_study(folder)
    assert record.result is not None
    promise = Promise(0.9, 1.95, "log-scale t, approximate")
    promised = dataclasses.replace(
        record, result=dataclasses.replace(record.result, promise=promise)
    )
    assert (
        "loses 1.70 pp of confidence (mean fall) on images that no step has seen, within the "
        "budget of 2 pp; on 4 held-back images 1.70 pp, at most 1.950 pp, 90 % sure."
    ) in headline(promised)
    ((_, _, body),) = verification(promised)
    assert "by log-scale t, approximate on 4 images that no step of the search has seen" in body
    assert body.index(">held back<") < body.index(">searched on<")


@pytest.mark.parametrize(
    ("goal", "says"),
    [
        (Goal("mean", 0.0001), "within the budget of 0.0001 pp"),
        (Goal("max", 5.0), "of confidence on the worst image, within the budget of 5 pp"),
        (Goal("p95", max_nbytes=100_000), "within the size of 112 kB"),
        (Goal("mean", max_nbytes=1), "No plan was found that is within the size of 12.0 kB"),
        (Goal("mean"), "within the budget of 2 pp that chose it from the front"),
    ],
    ids=str,
)
def test_the_sentence_names_the_limit(tmp_path: Path, goal: Goal, says: str) -> None:
    made = MadeStudy(tmp_path, goal=goal)
    made.write_result()
    assert says in headline(read_study(tmp_path))


def test_an_unfinished_search_says_so_first(tmp_path: Path) -> None:
    MadeStudy(tmp_path).write_trials()
    written = write_report(tmp_path)
    assert written.sentence.startswith("The search is not finished: the best of 24 measured plans")
    assert "Search not finished." in written.page.read_text(encoding="utf-8")
    assert [path.name for path in written.pictures] == ["bytes-by-drop.png", "progress.png"]


def test_a_folder_with_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"neither a result\.json nor measured plans"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["result.json", "study.db", "profile.json"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    made_study(tmp_path, ["a", "b"])
    (tmp_path / name).write_bytes(b"{" * 2000)
    with pytest.raises(StudyError):
        write_report(tmp_path)
    assert not (tmp_path / "report").exists()


def test_two_studies_are_compared_and_their_differences_said(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    made = MadeStudy(other, HOSTILE, goal=Goal("max", 9.0))
    made.write_trials()
    made.write_result()
    first, second = read_study(folder), read_study(other)
    assert differences(first, first) == []
    assert verdict(first, first).startswith("Both studies have the same plan")
    assert differences(first, second) == ["The drops are of different metrics: mean and max."]
    small, large = sorted((first, second), key=lambda one: one.nbytes)
    assert verdict(first, second).startswith(f"The plan of {small.name} is smaller by")
    assert large.name not in verdict(first, second).split(" is smaller")[0]
    written = write_comparison(folder, other, tmp_path / "both")
    reader = Reader(written.page.read_text(encoding="utf-8"))
    assert {tag for tag, _ in reader.tags} <= ALLOWED
    names = [path.name for path in written.pictures]
    assert names == ["bytes-by-drop.png", "bytes-per-layer.png"]
    assert f"{len(HOSTILE)} of {len(HOSTILE)} layers are in both" in " ".join(reader.words)


def test_studies_of_different_models_are_told_apart(tmp_path: Path) -> None:
    for name, digest in (("a", "11"), ("b", "22")):
        made = MadeStudy(tmp_path / name, ["x", "y"])
        (tmp_path / name).mkdir()
        made.write_result()
        file = tmp_path / name / "result.json"
        file.write_text(file.read_text().replace('"modelmodel', f'"{digest}model'))
    first, second = read_study(tmp_path / "a"), read_study(tmp_path / "b")
    assert verdict(first, second) == "a and b are studies of different models."
    assert "different models" in differences(first, second)[0]
