// Drives an API of Cloudflare's with Cloudflare's own package and prints what came of it as JSON.
const path = require("node:path");
const { Cloudflare } = require(path.join(process.env.NODE_MODULES, "cloudflare"));

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

async function main() {
  const client = new Cloudflare({
    apiToken: process.env.CLOUDFLARE_API_TOKEN,
    baseURL: process.env.CLOUDFLARE_BASE_URL,
    maxRetries: 0,
  });
  const [zone] = await all(client.zones.list({ name: "example.com" }));
  const at = { zone_id: zone.id };
  const records = client.dns.records;
  const text = { type: "TXT", name: "example.com", ttl: 3600 };
  const created = await records.create({ ...at, ...text, content: '"v=spf1 -all"' });
  const listed = await all(records.list({ ...at, per_page: 100 }));
  const byName = await all(records.list({ ...at, name: { exact: "n7.example.com" } }));
  const batch = await records.batch({
    ...at,
    deletes: [{ id: listed[0].id }],
    patches: [{ id: created.id, content: "v=spf1 ~all" }],
    posts: [{ ...text, content: "site=1" }],
  });
  let error = null;
  try {
    await records.create({ ...at, ...text, content: "site=1" });
  } catch (refused) {
    error = [refused.status, refused.errors[0].code];
  }
  console.log(JSON.stringify({
    zone: zone.name,
    created: created.content,
    listed: listed.length,
    batch: Object.keys(batch).sort(),
    patched: batch.patches[0].content,
    byName: byName.map((record) => record.name),
    error,
  }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
