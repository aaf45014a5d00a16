"""A local Fluent for tests, demos and first steps: it refuses what it does not know, and its ledger never flatters.

::

    with Simulator(faults=Faults([Fault("status", path="/job/*/batch", nth=2, status=503)])) as sim:
        client = fcwork.FluentClient(**sim.connect())
        ...
        sim.ledger.quantities  # what the server really holds, and how often each effect happened
"""

from fcwork.simulator.faults import Fault, Faults
from fcwork.simulator.ledger import Ledger, RequestSeen, TokenCounts
from fcwork.simulator.posting import Posted
from fcwork.simulator.simulator import Simulator
from fcwork.simulator.webhooks import SignedWebhook

__all__ = ["Fault", "Faults", "Ledger", "Posted", "RequestSeen", "SignedWebhook", "Simulator", "TokenCounts"]
