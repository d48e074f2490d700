"""Days and fiscal years as clerks write them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dates import era_label, fiscal_year_label, fiscal_year_of, parse_date, parse_fiscal_year

DAYS = st.dates(date(1868, 1, 25), date(2099, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "令和6年5月27日", "令和６年５月２７日", "R6.5.27", "R6.5.２７", "r6.5.27", "Ｒ６．５．２７",
        "R6/5/27", "R06-05-27", "R.6.5.27", "2024/5/27", "2024-05-27", "２０２４年５月２７日", "2024.5.27",
        "20240527", "㋿6年5月27日", "令和 6年 5月 27日", "令和６年５月２７日（月）",
        "2024年(令和6年)5月27日", "2024-05-27 00:00:00", "2024-05-27T09:30:00", "2024－05－27", "2024−5−27",
        "令和六年五月二十七日", "令6.5.27", "二〇二四年五月二十七日",
    ],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(text):
    assert parse_date(text) == date(2024, 5, 27)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("H30.4.1", date(2018, 4, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("S64.1.7", date(1989, 1, 7)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("大正15年12月25日", date(1926, 12, 25)),
        ("明治45年7月30日", date(1912, 7, 30)),
        ("平成三十年十月三十一日", date(2018, 10, 31)),
        ("2024/2/29", date(2024, 2, 29)),
    ],
)
def test_the_first_and_last_days_of_an_era_belong_to_it(text, day):
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text", ["", " ", "R6", "令和6年度", "2024", "令和6年5月", "6.5.27", "24/5/27", "未定", "45439", "20241399"]
)
def test_what_is_no_whole_day_is_none(text):
    assert parse_date(text) is None


def test_a_day_outside_its_era_is_told_with_the_era_s_days():
    with pytest.raises(ValueError, match="令和は2019年5月1日からです。") as error:
        parse_date("R1.4.30")
    assert "「R1.4.30」" in str(error.value)
    with pytest.raises(ValueError, match="平成は1989年1月8日から2019年4月30日です。"):
        parse_date("平成31年5月1日")


@pytest.mark.parametrize("text", ["2023/2/29", "令和6年13月1日", "R6.4.31", "2024年0月1日", "R0.5.1", "20240230"])
def test_a_day_that_does_not_exist_is_an_error(text):
    with pytest.raises(ValueError, match="日付"):
        parse_date(text)


@given(DAYS)
def test_every_label_is_read_back(day):
    assert parse_date(era_label(day)) == day


@given(DAYS)
def test_every_western_form_is_read_back(day):
    assert parse_date(day.isoformat()) == parse_date(f"{day.year}年{day.month}月{day.day}日") == day


@given(st.one_of(st.text(), st.text("令和平成RHS0123456789元年月日./-年度 ()", max_size=14)))
def test_any_text_is_a_day_none_or_a_sentence(text):
    try:
        assert parse_date(text) is None or isinstance(parse_date(text), date)
    except ValueError as error:
        assert str(error).endswith("。")  # noqa: PT017 - either outcome is right
    assert parse_fiscal_year(text) is None or 1800 <= parse_fiscal_year(text) < 2200


@pytest.mark.parametrize(
    "text",
    [
        "R6",
        "令和6",
        "令和６年度",
        "R6年度",
        "R06",
        "2024",
        "2024年度",
        "２０２４",
        "FY2024",
        "令和6年",
        "令和6年度(2024年度)",
    ],
)
def test_a_fiscal_year_is_read_however_it_is_written(text):
    assert parse_fiscal_year(text) == 2024


@pytest.mark.parametrize(
    ("text", "year"),
    [("H30", 2018), ("令和元年度", 2019), ("平成31年度", 2019), ("H32", 2020), ("S63", 1988), ("平成元", 1989)],
)
def test_fiscal_years_across_eras(text, year):
    assert parse_fiscal_year(text) == year


@pytest.mark.parametrize("text", ["", "6", "R0", "24年度", "1234", "R6.5.27", "令和6年度 業務の棚卸", "毎年度"])
def test_what_is_no_fiscal_year_is_none(text):
    assert parse_fiscal_year(text) is None


def test_a_fiscal_year_begins_in_april():
    assert fiscal_year_of(date(2024, 3, 31)) == 2023
    assert fiscal_year_of(date(2024, 4, 1)) == 2024


@given(DAYS)
def test_a_day_and_the_same_day_a_year_on_lie_in_neighbouring_fiscal_years(day):
    later = day.replace(year=day.year + 1) if (day.month, day.day) != (2, 29) else day + timedelta(days=366)
    assert fiscal_year_of(later) == fiscal_year_of(day) + 1


@pytest.mark.parametrize(
    ("year", "label"),
    [(2024, "令和6年度"), (2019, "令和元年度"), (2018, "平成30年度"), (1989, "平成元年度"), (1988, "昭和63年度")],
)
def test_a_fiscal_year_is_labelled_as_offices_write_it(year, label):
    assert fiscal_year_label(year) == label


@given(st.integers(1868, 2099))
def test_every_fiscal_year_label_is_read_back(year):
    assert parse_fiscal_year(fiscal_year_label(year)) == year


def test_a_day_is_labelled_by_the_newer_era_where_two_share_it():
    assert era_label(date(2024, 5, 27)) == "令和6年5月27日"
    assert era_label(date(2019, 5, 1)) == "令和元年5月1日"
    assert era_label(date(2019, 4, 30)) == "平成31年4月30日"
    assert era_label(date(1926, 12, 25)) == "昭和元年12月25日"
    assert era_label(date(1850, 1, 2)) == "1850年1月2日"
