"""Pictures where people would rather look than read: each of a frame or a result, in one call.

A plot shows itself in JupyterLab without a network, and as a table and as text where no picture can be shown. What
stands under a hidden name is hidden in it::

    fw.plots.issues(checked)
    fw.plots.stock(positions, location="locationRef", quantity="onHand")
"""

from fcwork.plots.counting import issues, orders, piles, stock
from fcwork.plots.pace import rate
from fcwork.plots.plot import Plot

__all__ = ["Plot", "issues", "orders", "piles", "rate", "stock"]
