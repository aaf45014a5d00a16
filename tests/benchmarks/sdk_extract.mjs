// The SDK pages through virtual positions and collects them in memory. PEER_DIR=... node sdk_extract.mjs URL NODES
import path from 'node:path';
const { FluentClient } = await import(path.join(process.env.PEER_DIR, 'node_modules/@fluentcommerce/fc-connect-sdk/dist/esm/index.js'));
const [url, nodes] = process.argv.slice(2);
const silent = new Proxy({}, { get: () => () => ({}) });
const client = new FluentClient({ baseUrl: url, clientId: 'bench', clientSecret: 'bench-secret', username: 'u', password: 'p', retailerId: '1' }, silent);
const query = `query Positions($first: Int!, $after: String) { virtualPositions(first: $first, after: $after) {
  edges { cursor node { id ref type status quantity productRef groupRef createdOn updatedOn catalogue { ref } } } pageInfo { hasNextPage } } }`;
const began = performance.now();
const pagination = { enabled: true, maxPages: 1e6, maxRecords: Number(nodes), timeoutMs: 3.6e6 };
const answer = await client.graphql({ query, variables: { first: 500 }, pagination });
const seconds = (performance.now() - began) / 1000;
const rows = answer.data.virtualPositions.edges.length;
console.log(JSON.stringify({ rows, seconds, peak_mb: process.resourceUsage().maxRSS / 1024 }));
