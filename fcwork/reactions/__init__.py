"""What is done about a webhook: nothing, an event, a mutation, or an export of what it speaks of.

``react`` maps the body to rows of one, and sends or exports as ``ingest`` and ``extract`` do; nothing is done twice::

    event = client.verify_webhook(raw_body, headers)
    fw.react(client, event, action="export", sink="warehouse://out/{entityRef}-{id}.xml", dry_run=False)
"""

from fcwork.reactions.reacting import react
from fcwork.reactions.reaction import ACTIONS, Action, Reaction

__all__ = ["ACTIONS", "Action", "Reaction", "react"]
