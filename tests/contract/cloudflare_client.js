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
  // What Email Routing keeps is read-only, and no other MX is taken beside its own.
  const routed = await all(records.list({ ...at, name: { exact: "routed.example.com" } }));
  const refusals = [];
  const refuse = async (call) => {
    try {
      await call();
      refusals.push(null);
    } catch (refused) {
      refusals.push([refused.status, refused.errors[0].code]);
    }
  };
  const key = routed.find((record) => record.type === "TXT");
  await refuse(() => records.edit(key.id, { ...at, type: "TXT", name: key.name, ttl: 3600,
                                            content: "x" }));
  await refuse(() => records.delete(key.id, at));
  await refuse(() => records.batch({ ...at, deletes: [{ id: key.id }] }));
  await refuse(() => records.create({ ...at, type: "MX", name: "routed.example.com", ttl: 3600,
                                      priority: 5, content: "mx.example.net" }));
  await refuse(() => records.create({ ...at, type: "TXT", name: "routed.example.com", ttl: 3600,
                                      content: "beside=1" }));
  console.log(JSON.stringify({
    refusals,
    meta: key.meta,
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
