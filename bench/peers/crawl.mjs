// The classic script in Node: undici's pool, href="(.*?)", URL; each link of a page once; rows of source and
// link.
//
//	crawl.mjs UNDICI LIST ROWS AT_ONCE, where UNDICI is the folder of the package
import { createWriteStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { Pool } = createRequire(import.meta.url)(process.argv[2]);
const urls = readFileSync(process.argv[3], "utf8").split("\n").filter(Boolean);
const rows = createWriteStream(process.argv[4]);
const atOnce = Number(process.argv[5]);
const pool = new Pool(new URL(urls[0]).origin, { connections: atOnce });

async function fetchLinks(url) {
	const { statusCode, body } = await pool.request({ method: "GET", path: new URL(url).pathname });
	const text = await body.text();
	if (statusCode !== 200) throw new Error(`${url}: ${statusCode}`);
	const found = new Set();
	for (const match of text.matchAll(/href="(.*?)"/g)) {
		try {
			found.add(new URL(match[1], url).href);
		} catch {
			// No URL.
		}
	}
	let lines = "";
	for (const link of found) lines += `${url}\t${link}\n`;
	if (!rows.write(lines)) await new Promise((resolve) => rows.once("drain", resolve));
}

let next = 0;
async function work() {
	while (next < urls.length) await fetchLinks(urls[next++]);
}

rows.setMaxListeners(atOnce + 1);
await Promise.all(Array.from({ length: atOnce }, work));
rows.end();
await pool.close();
