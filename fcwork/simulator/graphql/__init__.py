"""The simulated platform's GraphQL."""

from fcwork.simulator.graphql.execution import GraphQLService

__all__ = ["GraphQLService"]
