"""What the event routes know: the platform's lists of values, and the rule sets of the simulated workflows."""

from collections.abc import Mapping

# The lists are those of docs.fluentcommerce.com (using-the-event-api).
ROOT_ENTITY_TYPES = (
    "ORDER",
    "LOCATION",
    "FULFILMENT_OPTIONS",
    "PRODUCT_CATALOGUE",
    "INVENTORY_CATALOGUE",
    "VIRTUAL_CATALOGUE",
    "CONTROL_GROUP",
    "RETURN_ORDER",
    "BILLING_ACCOUNT",
    "JOB",
)
ENTITY_TYPES = (
    *ROOT_ENTITY_TYPES,
    "FULFILMENT",
    "ARTICLE",
    "CONSIGNMENT",
    "WAVE",
    "FULFILMENT_PLAN",
    "CATEGORY",
    "PRODUCT",
    "INVENTORY_POSITION",
    "INVENTORY_QUANTITY",
    "VIRTUAL_POSITION",
    "CONTROL",
    "RETURN_FULFILMENT",
    "CREDIT_MEMO",
    "BATCH",
)
EVENT_TYPES = ("ORCHESTRATION", "ORCHESTRATION_AUDIT", "API", "INTEGRATION", "SECURITY", "GENERAL")
EVENT_STATUSES = ("PENDING", "SCHEDULED", "NO_MATCH", "SUCCESS", "FAILED", "COMPLETE")
CATEGORIES = ("snapshot", "ruleSet", "rule", "ACTION", "CUSTOM", "exception", "ORDER_WORKFLOW", "BATCH")

# The rule sets of the workflows: which event names mean something, by entity type. All of it is assumed.
RULE_SETS: Mapping[str, tuple[str, ...]] = {
    "PRODUCT_CATALOGUE": ("UPSERT_PRODUCT", "UPSERT_PRODUCTS"),
    "ORDER": (
        "OrderCancel",
        "PaymentCaptured",
        "PaymentRefunded",
        "PaymentAuthorizationCancelled",
        "PaymentReauthorized",
    ),
    "INVENTORY_CATALOGUE": ("InventoryChanged", "UPSERT_INVENTORY"),
    "INVENTORY_POSITION": ("InventoryChanged",),
    "LOCATION": ("LocationUpdate",),
    "FULFILMENT": ("FulfilmentUpdate",),
    "CONSIGNMENT": ("ConsignmentDelivered",),
}
