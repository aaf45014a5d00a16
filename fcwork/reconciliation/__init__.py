"""Reconcile: what should be against what is, by key; each difference with a proposal and its reason."""

from fcwork.reconciliation.approving import Approval, approve
from fcwork.reconciliation.asked import Columns
from fcwork.reconciliation.judging import ACTIONS, CODES
from fcwork.reconciliation.reading import take
from fcwork.reconciliation.reconciling import reconcile
from fcwork.reconciliation.result import Reconciliation

__all__ = ["ACTIONS", "CODES", "Approval", "Columns", "Reconciliation", "approve", "reconcile", "take"]
