"""Rules, and frames checked by them: what is valid, what is rejected, and why."""

from fcwork.validator.result import CheckResult
from fcwork.validator.validator import Validator

__all__ = ["CheckResult", "Validator"]
