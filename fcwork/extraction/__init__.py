"""From the platform to a frame or to files: whole, resumable, in a window, each row once."""

from fcwork.extraction.clearing import clean
from fcwork.extraction.entities import entities
from fcwork.extraction.extracting import extract
from fcwork.extraction.fetching import Fetched
from fcwork.extraction.marks import set_watermark, watermarks
from fcwork.extraction.result import ExtractResult

__all__ = ["ExtractResult", "Fetched", "clean", "entities", "extract", "set_watermark", "watermarks"]
