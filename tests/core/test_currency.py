"""The frozen table of exponents, against babel's (CLDR's)."""

from babel.core import get_global

from tieout.core.currency import EXPONENT

# CLDR counts the decimals people use; ISO 4217 those that exist, and banks and marketplaces write ISO's.
UNUSED_CENTS = set("AFN ALL IQD IRR KPW LAK LBP MGA MMK RSD SOS SYP YER".split())
# Not money that a marketplace pays in: units of account and funds with four decimals, and what was withdrawn.
LEFT_OUT = set("ADP BYR CLF ESP ITL LUF MGF MRO SLL STD TMM TRL UYI UYW VEF ZMK ZWD".split())


def test_our_exponents_are_babels_but_for_cents_nobody_uses() -> None:
    fractions = get_global("currency_fractions")
    usual = fractions["DEFAULT"][0]
    differing = {code for code, exponent in EXPONENT.items() if fractions.get(code, [usual])[0] != exponent}
    assert differing == UNUSED_CENTS
    assert all(fractions[code][0] == 0 for code in UNUSED_CENTS)
    assert {code: EXPONENT[code] for code in UNUSED_CENTS} == dict.fromkeys(UNUSED_CENTS, 2) | {"IQD": 3}


def test_no_special_case_of_babels_was_forgotten() -> None:
    assert set(get_global("currency_fractions")) - {"DEFAULT"} - EXPONENT.keys() == LEFT_OUT


def test_every_currency_that_is_tender_today_is_known() -> None:
    tender = {
        code for uses in get_global("territory_currencies").values() for code, _, until, is_tender in uses
        if is_tender and until is None
    }  # fmt: skip
    assert len(tender) > 150
    assert tender - EXPONENT.keys() == set()
    assert EXPONENT.keys() - tender == {"ANG", "SVC", "VED"}, "withdrawn or second currencies that old files still name"


def test_exponents_go_from_none_to_three() -> None:
    assert set(EXPONENT.values()) == {0, 2, 3}
    assert (EXPONENT["JPY"], EXPONENT["GBP"], EXPONENT["KWD"]) == (0, 2, 3)
