"""The menus: a scheme that comes or goes changes every search that names one."""

from mpsearch.schemes.menus import ALL, DOCUMENTED, EXTENDED, MENUS

ORIGINAL_PROGRAM = (
    "original bitwiseAnd_1 bitwiseAnd_2 bitwiseAnd_4 bitwiseAnd_8 bitwiseAnd_16 bitwiseAnd_17 "
    "bitwiseAnd_18 bitwiseAnd_19 bitwiseAnd_20 bitwiseAnd_21 bitwiseAnd_22 fl16 fix8"
)
BEYOND = (
    "bitwiseMid_16 bitwiseMid_17 bitwiseMid_18 bitwiseMid_19 bitwiseMid_20 bitwiseMid_21 "
    "bitwiseMid_22 fix8m bf16 dfix2 dfix3 dfix4 dfix5 dfix6 dfix7 dfix8 int2c int3c int4c int5c "
    "int6c int7c int8c e5m2 e4m3 e3m2 e2m3 e2m1 km2 km3 km4 km5 km6"
)
PRUNED = (
    "prun20_int4c prun20_int5c prun20_int6c prun35_int4c prun35_int5c prun35_int6c "
    "prun50_int4c prun50_int5c prun50_int6c"
)


def test_each_holds_the_one_before() -> None:
    assert tuple(ORIGINAL_PROGRAM.split()) == DOCUMENTED
    assert (*DOCUMENTED, *BEYOND.split()) == EXTENDED
    assert (*EXTENDED, *PRUNED.split()) == ALL
    assert MENUS == {"documented": DOCUMENTED, "extended": EXTENDED, "all": ALL}
