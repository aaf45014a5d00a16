"""Personal data: which columns hold it, and what is shown in their place. What is sent or kept is never changed."""

from fcwork.personal.names import VARIABLE, covers, hidden_names, hide, named, together, written
from fcwork.personal.records import hidden
from fcwork.personal.texts import text

__all__ = ["VARIABLE", "covers", "hidden", "hidden_names", "hide", "named", "text", "together", "written"]
