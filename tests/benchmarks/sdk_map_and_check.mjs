// The SDK on the work of map_and_check.py: node sdk_map_and_check.mjs CSV MAPPING.json; PEER_DIR is where npm installed it.
import fs from 'node:fs';
import path from 'node:path';

const [csv, mapping] = process.argv.slice(2);
const home = path.join(process.env.PEER_DIR || '.', 'node_modules/@fluentcommerce/fc-connect-sdk/dist/esm/index.js');
const sdk = await import(path.resolve(home));
const log = Object.fromEntries(['debug', 'info', 'warn', 'error', 'setContext', 'clearContext', 'addContext'].map(name => [name, () => {}]));
log.getContext = () => ({});

const laps = {};
async function lap(name, work) {
  const start = process.hrtime.bigint();
  const result = await work();
  laps[name] = Number(process.hrtime.bigint() - start) / 1e9;
  return result;
}

const rows = await lap('read', () => new sdk.CSVParserService(log).parse(fs.readFileSync(csv, 'utf8')));
const mapped = await lap('map', async () => {
  const mapper = new sdk.UniversalMapper(JSON.parse(fs.readFileSync(mapping, 'utf8')), { logger: log });
  const good = [];
  for (const row of rows) {
    const answer = await mapper.map(row);
    if (answer.success) good.push(answer.data);
  }
  return good;
});
const rules = { requiredFields: ['ref', 'qty', 'productRef', 'locationRef'], checkDuplicates: true, validateTypes: true, maxBatchSize: 1e9 };
rules.customValidator = row => (row.qty < 0 ? 'negative' : /^[A-Z0-9-]+$/.test(row.ref) ? null : 'no ref');
await lap('check', () => new sdk.PreflightValidator(log).validateBatch(mapped, rules));
console.log(JSON.stringify({ ...laps, rows: mapped.length, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));
