"""Page through virtual positions at 500 a page and print the seconds.

python tests/benchmarks/page_nodes.py URL NODES
"""

import sys
import time

import fcwork as fw

QUERY = """
query Positions($first: Int!, $after: String) {
  virtualPositions(first: $first, after: $after) {
    edges { cursor node { id ref type status quantity productRef groupRef createdOn updatedOn } }
    pageInfo { hasNextPage }
  }
}
"""
url, wanted = sys.argv[1], int(sys.argv[2])
client = fw.FluentClient(base_url=url, client_id="bench", client_secret="bench-secret")
client.graphql(QUERY, {"first": 500})
start = time.perf_counter()
nodes = sum(len(page.nodes) for page in client.pages(QUERY, page_size=500, max_records=wanted))
seconds = time.perf_counter() - start
assert nodes == wanted, nodes
print(f"{seconds:.3f}")
