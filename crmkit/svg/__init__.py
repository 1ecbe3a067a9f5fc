"""
Pictures of numbers, as SVG text: lines, points, bars and heat maps.

Pure functions of plain sequences (of an array, its ``tolist()``); equal numbers give equal text.
The colours are those of Okabe and Ito, which people tell apart who do not see all colours.
"""

from .axis import Axis
from .bars import bars
from .charts import Series, line_chart, scatter
from .heat import heat_map

__all__ = ["Axis", "Series", "bars", "heat_map", "line_chart", "scatter"]
