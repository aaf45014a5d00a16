"""The client of the platform: tokens, GraphQL and its pages, jobs and batches, events, and the routes of a send."""

from fcwork.client.events import EventReceipt
from fcwork.client.fluent import FluentClient
from fcwork.client.graphql import GraphQLResult
from fcwork.client.jobs import Batch, Job
from fcwork.client.paging import Page, Pages

__all__ = ["Batch", "EventReceipt", "FluentClient", "GraphQLResult", "Job", "Page", "Pages"]
