"""What is left of a run for people and machines: one page, the figures as JSON, the piles and issues as files."""

from fcwork.reports.writing import Report, write

__all__ = ["Report", "write"]
