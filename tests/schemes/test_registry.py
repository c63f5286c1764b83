"""Names to schemes."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpsearch.schemes import (
    ALL,
    DOCUMENTED,
    Scheme,
    available,
    family_members,
    menu_of,
    parse_scheme,
    register_scheme,
    registry,
)
from mpsearch.schemes.fix8 import Fix8
from mpsearch.values.errors import MPSearchError, SchemeError


class Tenth(Fix8):
    """A scheme of somebody else's."""

    family = "tenth"

    def __init__(self, argument: str) -> None:
        self.argument = argument

    @property
    def name(self) -> str:
        return f"tenth_{self.argument}" if self.argument else "tenth"


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Registrations of the test end with it."""
    parse_scheme("original")  # plug-ins are there from now on
    monkeypatch.setattr(registry, "_factories", dict(registry._factories))
    monkeypatch.setattr(registry, "_forms", dict(registry._forms))
    yield
    monkeypatch.undo()
    assert "tenth" not in available()


def test_every_documented_name_parses_to_the_scheme_of_that_name() -> None:
    assert [parse_scheme(name).name for name in DOCUMENTED] == list(DOCUMENTED)


def test_every_documented_name_has_an_available_form() -> None:
    families = {form.partition("_")[0] for form in available()}
    assert {name.partition("_")[0] for name in DOCUMENTED} <= families


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("fix9", "fix8"),
        ("fl_16", "fl16"),
        ("Original", "original"),
        ("bitwiseand_16", "bitwiseAnd_16"),
        ("prune_t", "prun_t"),
    ],
)
def test_an_unknown_name_gets_the_nearest_known_one(name: str, near: str) -> None:
    with pytest.raises(SchemeError) as caught:
        parse_scheme(name)
    message = str(caught.value)
    assert repr(name) in message
    assert f"id you mean {near!r}?" in message
    for form in available():
        assert form in message


def test_a_name_like_no_other_gets_the_list_alone() -> None:
    with pytest.raises(SchemeError, match="unknown scheme 'zzz'") as caught:
        parse_scheme("zzz")
    assert "did you mean" not in str(caught.value).lower()


@given(st.text(max_size=12))
def test_any_text_is_a_scheme_or_is_refused_as_one(text: str) -> None:
    try:
        name = parse_scheme(text).name
    except SchemeError:
        return
    assert name.partition("_")[0] == text.partition("_")[0]


@pytest.mark.parametrize("name", ["bitwiseAnd_0", "bitwiseAnd_23", "bitwiseAnd_-1"])
def test_a_count_out_of_range_is_named_with_its_range(name: str) -> None:
    with pytest.raises(SchemeError, match=f"{name} is out of range.*1 to 22"):
        parse_scheme(name)


@pytest.mark.parametrize("name", ["bitwiseAnd", "bitwiseAnd_", "bitwiseAnd_x", "bitwiseAnd_1.5"])
def test_a_count_that_is_no_number_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(SchemeError, match="write bitwiseAnd_1 to bitwiseAnd_22"):
        parse_scheme(name)


@pytest.mark.parametrize("name", ["prun", "prun_", "prun_abc", "prun_nan", "prun_inf", "prun_1_0"])
def test_a_threshold_that_is_no_number_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(SchemeError, match=r"a positive number, as in prun_0\.005"):
        parse_scheme(name)


@pytest.mark.parametrize("name", ["prun_0", "prun_0.0", "prun_0e5"])
def test_a_threshold_of_zero_is_out_of_range(name: str) -> None:
    with pytest.raises(SchemeError, match="out of range"):
        parse_scheme(name)


@pytest.mark.parametrize("name", ["fix8_3", "fl16_1", "original_x"])
def test_a_parameter_is_refused_where_the_family_has_none(name: str) -> None:
    family, _, argument = name.partition("_")
    with pytest.raises(SchemeError, match=f"'{family}' takes no parameter, got '{argument}'"):
        parse_scheme(name)


@pytest.mark.parametrize(
    ("written", "name"),
    [("bitwiseAnd_08", "bitwiseAnd_8"), ("prun_.5", "prun_0.5"), ("prun_5e-3", "prun_0.005")],
)
def test_numbers_are_written_in_one_form(written: str, name: str) -> None:
    assert parse_scheme(written).name == name
    assert parse_scheme(written) == parse_scheme(name)


@given(st.floats(1e-9, 1e9))
def test_the_name_of_a_pruning_scheme_keeps_its_threshold_exactly(threshold: float) -> None:
    scheme = parse_scheme(f"prun_{threshold!r}")
    assert getattr(scheme, "threshold", None) == threshold
    assert parse_scheme(scheme.name) == scheme


def test_a_bare_family_stands_for_its_documented_members() -> None:
    members = [name for name in DOCUMENTED if name.startswith("bitwiseAnd_")]
    assert family_members("bitwiseAnd") == tuple(members)
    assert family_members("fix8") == ("fix8",)
    with pytest.raises(SchemeError, match="unknown scheme 'fix9'"):
        family_members("fix9")


@pytest.mark.usefixtures("undone")
def test_a_registered_family_parses_with_its_argument() -> None:
    assert register_scheme("tenth", form="tenth_n")(Tenth) is Tenth
    made = [parse_scheme(name) for name in ("tenth", "tenth_3", "tenth_a_b")]
    assert [getattr(scheme, "argument", None) for scheme in made] == ["", "3", "a_b"]
    assert "tenth_n" in available()
    assert all(isinstance(scheme, Scheme) for scheme in made)


@pytest.mark.usefixtures("undone")
def test_a_registered_family_is_offered_for_a_name_like_it() -> None:
    register_scheme("tenth")(Tenth)
    with pytest.raises(SchemeError, match="'tenth'"):
        parse_scheme("tent")


@pytest.mark.usefixtures("undone")
@pytest.mark.parametrize("family", ["fix8", "bitwiseAnd", "prun", "fl16", "original"])
def test_a_taken_family_is_refused_and_stays_as_it_was(family: str) -> None:
    before = available()
    with pytest.raises(SchemeError, match=f"family '{family}' exists already"):
        register_scheme(family)(Tenth)
    assert available() == before


@pytest.mark.usefixtures("undone")
@pytest.mark.parametrize("family", ["", "a_b", "8bit", "a b", "a\n", "ä", "../x"])
def test_a_family_that_is_not_letters_and_digits_is_refused(family: str) -> None:
    with pytest.raises(SchemeError, match="use letters and digits"):
        register_scheme(family)


def test_scheme_errors_are_value_errors_and_our_own() -> None:
    with pytest.raises(ValueError, match="fix9") as caught:
        parse_scheme("fix9")
    assert isinstance(caught.value, MPSearchError)


def test_a_menu_stands_for_its_schemes_each_once() -> None:
    assert menu_of(["documented"]) == DOCUMENTED
    assert menu_of(["int4c", "documented", "fix8"]) == ("int4c", *DOCUMENTED)
    assert set(DOCUMENTED) < set(menu_of(["extended"])) < set(menu_of(["all"]))
    assert menu_of(menu_of(["all"])) == menu_of(["all"]) == ALL


@pytest.mark.parametrize(("name", "menu"), [("extendd", "extended"), ("document", "documented")])
def test_a_menu_that_is_nearly_named_is_offered(name: str, menu: str) -> None:
    with pytest.raises(
        SchemeError, match=f"unknown scheme '{name}'. Did you mean the menu '{menu}'"
    ):
        menu_of([name])
