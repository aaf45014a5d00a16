"""An executed notebook as one page of HTML that asks no network for anything."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from fcwork.runner import document
from fcwork.runner.display import RESULT_TYPE

# JupyterLab's look without what its page would fetch: require.js, widgets, MathJax and Mermaid.
_TEMPLATE = """
{%- extends 'index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""


def render(text: str, title: str) -> str:
    """Return the page of a notebook file; formulas and diagrams stay text, widgets what they are without a kernel."""
    notebook = document.parse(text)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code" and ends_here(cell.outputs):
            cell.outputs = [output for output in cell.outputs if output.output_type not in {"error", "stream"}]
    nbconvert: Any = import_module("nbconvert")  # untyped
    exporter = nbconvert.HTMLExporter(template_name="lab", raw_template=_TEMPLATE)
    return str(exporter.from_notebook_node(notebook, {"metadata": {"name": title}})[0])


def ends_here(outputs: list[Any]) -> bool:
    """Say whether a cell ended the notebook on purpose: how IPython puts that looks like a failure, and is none."""
    told = [output.data.get(RESULT_TYPE, {}) for output in outputs if "data" in output]
    left = any(output.output_type == "error" and output.ename == "SystemExit" for output in outputs)
    return left and any(one.get("early_exit") for one in told)
