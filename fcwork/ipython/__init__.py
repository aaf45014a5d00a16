"""fcwork in IPython: ``%load_ext fcwork``.

``%%fluent`` asks a query and gives a frame, Tab completes it from the schema, and frames of pandas and polars have
``fluent.map``, ``check``, ``preview`` and ``send``.
"""
