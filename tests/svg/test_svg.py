"""Pictures as text: well-formed, at the places arithmetic says, and the same every time."""

import random
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.cli import save_plot
from crmkit.svg import Axis, Series, bars, heat_map, line_chart, scatter
from crmkit.svg.axis import number, share

NS = "{http://www.w3.org/2000/svg}"
X, Y = Axis(label="weeks", low=0, high=10), Axis(label="orders", low=0, high=100)


def parts(svg, name):
    return ElementTree.fromstring(svg).findall(f"{NS}{name}")


def words(svg):
    return [each.text for each in parts(svg, "text")]


def test_a_line_runs_through_the_corners_and_the_middle_of_the_frame():
    svg = line_chart("T", [Series(x=[0, 5, 10], y=[0, 50, 100])], x=X, y=Y)
    (line,) = parts(svg, "polyline")
    assert line.get("points") == "84.0,376.0 390.0,216.0 696.0,56.0"


def test_a_step_keeps_its_height_until_the_next_x():
    svg = line_chart("T", [Series(x=[0, 10], y=[0, 100], style="step")], x=X, y=Y)
    (line,) = parts(svg, "polyline")
    assert line.get("points") == "84.0,376.0 696.0,376.0 696.0,56.0"


def test_a_band_goes_there_above_and_back_below():
    series = Series(x=[0, 10], y=[50, 50], low=[0, 0], high=[100, 100])
    (band,) = parts(line_chart("T", [series], x=X, y=Y), "polygon")
    assert band.get("points") == "84.0,56.0 696.0,56.0 696.0,376.0 84.0,376.0"


def test_what_is_written_is_escaped():
    svg = line_chart("A < B & C", [Series(label='"x"', x=[0], y=[0])], x=X, y=Y, note="<note>")
    assert ElementTree.fromstring(svg).find(f"{NS}title").text == "A < B & C"
    assert {'"x"', "<note>", "weeks", "orders"} <= set(words(svg))


def test_ticks_are_round_numbers():
    svg = line_chart("T", [Series(x=[1, 78], y=[0.3, 1743])], x=Axis(), y=Axis())
    assert words(svg)[1:6] == ["0", "500", "1,000", "1,500", "2,000"]
    assert words(svg)[6:11] == ["0", "20", "40", "60", "80"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (12_500, "12,500"),
        (0.025, "0.025"),
        (3.14159, "3.142"),
        (-2.5, "-2.5"),
        (100, "100"),
    ],
)
def test_numbers_are_written_short(value, written):
    assert number(value) == written


def test_a_share_is_written_as_per_cent():
    assert share(0.25) == "25 %"


def test_points_on_one_spot_are_one_dot_and_more_of_them_are_darker():
    series = Series(x=[1] * 9 + [9], y=[50] * 10)
    dots = parts(scatter("T", [series], x=X, y=Y), "path")
    assert [(each.get("d").count("M"), each.get("stroke-opacity")) for each in dots] == [
        (1, "0.58"),
        (1, "1.00"),
    ]


def test_many_points_make_no_large_picture():
    chance = random.Random(3)
    x, y = ([chance.random() for _ in range(50_000)] for _ in range(2))
    assert len(scatter("T", [Series(x=x, y=y)], x=Axis(), y=Axis())) < 400_000


def test_bars_start_at_zero_and_go_both_ways():
    axis = Axis(low=-100, high=100)
    svg = bars("T", ["a", "b"], [100, -50], x=Axis(), y=axis, low=[80, -60], high=[100, -40])
    first, second = parts(svg, "rect")[1:]
    assert (first.get("y"), first.get("height")) == ("56", "160")
    assert (second.get("y"), second.get("height")) == ("216", "80")
    whiskers = [each for each in parts(svg, "line") if each.get("stroke-width") == "1.5"]
    assert [(each.get("y1"), each.get("y2")) for each in whiskers] == [("88", "56"), ("312", "280")]


def test_the_largest_cell_is_the_darkest_and_nothing_stays_empty():
    svg = heat_map("T", ["r1", "r2"], ["a", "b"], [[0, 1], [2, None]], row_label="row")
    fills = [each.get("fill") for each in parts(svg, "rect")[1:]]
    assert fills == ["#f0f6fb", "#78a5c4", "#00548c", "#f4f4f4"]
    assert [each for each in words(svg) if each in ("0", "1", "2")] == ["0", "1", "2"]


def test_a_heat_map_needs_a_value_for_every_cell():
    with pytest.raises(ValueError, match="2 rows of 1"):
        heat_map("T", ["a", "b"], ["x"], [[1]])


def test_what_is_no_number_is_not_drawn():
    with pytest.raises(ValueError, match="orders: only finite numbers"):
        line_chart("T", [Series(x=[0, 1], y=[0, float("nan")])], x=Axis(), y=Axis(label="orders"))


def test_a_series_needs_as_many_y_as_x():
    with pytest.raises(ValueError, match="equally long"):
        Series(x=[1, 2], y=[1])
    with pytest.raises(ValueError, match="equally long"):
        Series(x=[1, 2], y=[1, 2], low=[0, 0])


FINITE = st.floats(-1e12, 1e12, allow_subnormal=False)


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=20))
def test_every_point_lies_within_the_frame(points):
    x, y = zip(*points, strict=True)
    svg = line_chart("T", [Series(x=x, y=y)], x=Axis(), y=Axis())
    assert svg == line_chart("T", [Series(x=x, y=y)], x=Axis(), y=Axis())
    for at in re.findall(r'polyline points="([^"]+)"', svg)[0].split():
        across, down = map(float, at.split(","))
        assert 83.9 <= across <= 696.1
        assert 55.9 <= down <= 376.1


def test_a_picture_is_written_whole(tmp_path, capsys):
    save_plot(tmp_path / "a.svg", "<svg/>")
    assert [each.name for each in tmp_path.iterdir()] == ["a.svg"]
    assert capsys.readouterr().err == f"Drawn into {tmp_path / 'a.svg'}.\n"
