"""Runs to hand on: a page of HTML for people who have nothing but a browser, and an index of the pages."""

from fcwork.runner.sharing.publishing import Shared, share

__all__ = ["Shared", "share"]
