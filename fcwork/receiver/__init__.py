"""A small service that receives webhooks: verified, stored on the disk before they are answered, then handled.

A ``Door`` is a path, how it is checked, and where its messages go: a folder, a function, or a notebook. What was
answered with 200 lies in the ``Inbox`` and is handled, again after a failure or a kill, until it is done or dead; what
is dead can be replayed. ``Receiver`` is all of it together::

    door = Door("orders", "/webhooks", BySignature(KeyRing.load("key.pem")), ToFolder(Path("in")))
    Receiver([door], Terms(port=8791)).run()
"""

from fcwork.receiver.checks import ByApiKey, ByHmac, BySignature, Unchecked
from fcwork.receiver.clearing import Cleared, clean
from fcwork.receiver.door import Door
from fcwork.receiver.handlers import Handled, RefusedByHandlerError, ToFolder, ToFunction, ToNotebook
from fcwork.receiver.inbox import Inbox
from fcwork.receiver.message import Message, Received
from fcwork.receiver.quarantine import Quarantine
from fcwork.receiver.request import Limits
from fcwork.receiver.serving import Receiver, Terms

__all__ = [
    "ByApiKey",
    "ByHmac",
    "BySignature",
    "Cleared",
    "Door",
    "Handled",
    "Inbox",
    "Limits",
    "Message",
    "Quarantine",
    "Received",
    "Receiver",
    "RefusedByHandlerError",
    "Terms",
    "ToFolder",
    "ToFunction",
    "ToNotebook",
    "Unchecked",
    "clean",
]
