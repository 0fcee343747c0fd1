"use strict";
// A differential fuzzer: real pages, damaged at random, must give the same links in areq as in parse5, whatever the chunks in
// which they arrive.
//
//     fuzz.js [--areq PATH] [--pages N] [--seed N] [--keep FOLDER] [--write FOLDER] [FOLDER ...]
//
// The pages are those of the FOLDERs (Debian's python3-doc). With --write they are only written, for
//     AREQ_EVERY_CUT=1 build/replay/extract FOLDER/*
// which cuts each of them at every byte.
//
// Page K of seed S is always the same page. Each is served with chunk sizes of its own; areq fetches all of them in one run. What
// parse5 holds is every attribute href but those of <base>, outside of <template>, resolved by the base of the document.
// Pages that differ are written to FOLDER (build/differential/pages), and are counted by cause: see known.js. Exit status 1 if a
// page differs without a known cause.

const { spawn } = require("child_process");
const fs = require("fs");
const http = require("http");
const path = require("path");
const causes = require("./known.js");

const options = { areq: "./areq", pages: 20000, seed: 1, keep: "build/differential/pages", write: "", folders: [] };
for (let i = 2; i < process.argv.length; i++) {
  const [, name] = /^--(areq|pages|seed|keep|write)$/.exec(process.argv[i]) ?? [];
  if (!name) options.folders.push(process.argv[i]);
  else if (typeof options[name] === "number") options[name] = Number(process.argv[++i]);
  else options[name] = process.argv[++i];
}
if (options.folders.length === 0) options.folders.push("/usr/share/doc/python3-doc/html");

// --- The pages, as ASCII: what their encoding does to links is not the subject here.

function* htmlFiles(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = path.join(folder, entry.name);
    if (fs.statSync(name).isDirectory()) yield* htmlFiles(name);
    else if (/\.html?$/.test(entry.name)) yield name;
  }
}

const sources = options.folders
  .flatMap((folder) => [...htmlFiles(fs.realpathSync(folder))])
  .map((name) => fs.readFileSync(name, "latin1").replace(/[^\t\n\f\r\x20-\x7e]/g, "?"));

// --- Damage

// mulberry32
function randomOf(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { below: (n) => Math.floor(next() * n), pick: (list) => list[Math.floor(next() * list.length)] };
}

const WINDOW = 6000;
const MARKS = ["<", "<", "<", ">", '"', "'", "=", "/", "</", "<!--", "-->", "<!", "<?", "< ", "<1", "<<", "&", "\n", " "];

function damage(random) {
  const source = random.pick(sources);
  const start = random.below(3) ? random.below(Math.max(1, source.length - WINDOW)) : 0;
  let tokens = source.slice(start, start + WINDOW).match(/<[^>]*>?|[^<]+/g) ?? [];
  const place = () => random.below(tokens.length + 1);
  const tags = () => tokens.flatMap((token, i) => (token[0] === "<" ? [i] : []));
  const cutAt = (text, at) => [text.slice(0, at), text.slice(at)];
  const changes = [
    () => tokens.splice(place(), 0, tokens.splice(random.pick(tags()), 1)[0]),
    () => tokens.splice(place(), 0, tokens[random.pick(tags())]),
    () => tokens.splice(random.pick(tags()), 1),
    () => {
      const i = random.pick(tags());
      tokens[i] = tokens[i].slice(0, random.below(tokens[i].length));
    },
    () => {
      const i = random.below(tokens.length);
      const [before, after] = cutAt(tokens[i], random.below(tokens[i].length + 1));
      tokens[i] = before + random.pick(MARKS) + after;
    },
    () => {
      const i = random.pick(tags());
      const j = random.pick(tags());
      const [before, after] = cutAt(tokens[i], random.below(tokens[i].length + 1));
      tokens[i] = before + tokens[j] + after;
    },
    // A tag within a quoted value, and a '<' that begins no tag behind it.
    () => {
      const values = tags().filter((i) => /=\s*["']/.test(tokens[i]));
      if (values.length === 0) return;
      const i = random.pick(values);
      const [before, after] = cutAt(tokens[i], /=\s*["']/.exec(tokens[i]).index + 2);
      tokens[i] = before + tokens[random.pick(tags())].replace(/["']/g, "") + after;
      tokens.splice(i + 1 + random.below(3), 0, random.pick(["<", "< ", "<1", "<<", "a < b"]));
    },
    () => {
      const quotes = tags().filter((i) => /["']/.test(tokens[i]));
      if (quotes.length === 0) return;
      const i = random.pick(quotes);
      const at = [...tokens[i].matchAll(/["']/g)].map((match) => match.index);
      const cut = random.pick(at);
      tokens[i] = tokens[i].slice(0, cut) + tokens[i].slice(cut + 1);
    },
  ];
  for (let left = 1 + random.below(24); left > 0 && tags().length > 0; left--) random.pick(changes)();
  return tokens.join("");
}

const pageOf = (number) => damage(randomOf(options.seed * 1000003 + number));

// --- areq

function serve(request, response) {
  const number = Number(/^\/(\d+)\.html$/.exec(request.url)?.[1]);
  const page = pageOf(number);
  const random = randomOf(number);
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  const longest = random.pick([1, 7, 60, 700, 7000]);
  for (let at = 0; at < page.length; ) {
    const len = 1 + random.below(longest);
    response.write(page.slice(at, at + len));
    at += len;
  }
  response.end();
}

function crawl(port) {
  return new Promise((resolve, reject) => {
    const child = spawn(options.areq, ["-q", "--no-header", "-j", "8", "--per-host", "0", "-t", "0"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const links = new Map();
    let rest = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const [source, link] = line.split("\t");
        if (!links.has(source)) links.set(source, new Set());
        links.get(source).add(link);
      }
    });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(links) : reject(new Error(`areq ended with ${code}`))));
    for (let number = 0; number < options.pages; number++) child.stdin.write(`http://127.0.0.1:${port}/${number}.html\n`);
    child.stdin.end();
  });
}

// --- parse5

function* elementsOf(node) {
  for (const child of node.childNodes ?? []) {
    if (child.tagName) yield child;
    yield* elementsOf(child);
  }
}

const HTML = "http://www.w3.org/1999/xhtml";

function parsedLinks(document, url) {
  const links = new Set();
  const hrefOf = (element) => element.attrs.find((attribute) => attribute.name === "href" && !attribute.prefix)?.value;
  const elements = [...elementsOf(document)].map((element) => ({ element, href: hrefOf(element) }));
  const withHref = elements.filter(({ href }) => href !== undefined);
  const first = withHref.find(({ element }) => element.tagName === "base" && element.namespaceURI === HTML);
  const named = first && URL.canParse(first.href, url) ? new URL(first.href, url) : undefined;
  // "Set the frozen base URL" (HTML standard, section 4.2.3) refuses these.
  const base = named && !["data:", "javascript:"].includes(named.protocol) ? named : url;
  for (const { element, href } of withHref) {
    if (element.tagName !== "base" && URL.canParse(href, base)) links.add(new URL(href, base).href);
  }
  return links;
}

// --- Comparison

function writePages() {
  fs.mkdirSync(options.write, { recursive: true });
  for (let number = 0; number < options.pages; number++) fs.writeFileSync(path.join(options.write, `${number}.html`), pageOf(number));
  return 0;
}

async function main() {
  if (options.write) return writePages();
  const { parse } = require("parse5");
  const server = http.createServer(serve);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const found = await crawl(port);
  server.closeAllConnections();
  server.close();
  fs.mkdirSync(options.keep, { recursive: true });
  const counts = new Map();
  let equal = 0;
  let links = 0;
  let unknown = 0;
  for (let number = 0; number < options.pages; number++) {
    const url = `http://127.0.0.1:${port}/${number}.html`;
    const page = pageOf(number);
    const document = parse(page, { scriptingEnabled: false });
    const wanted = parsedLinks(document, url);
    const got = found.get(url) ?? new Set();
    const missing = [...wanted].filter((link) => !got.has(link));
    const extra = [...got].filter((link) => !wanted.has(link));
    links += wanted.size;
    if (missing.length + extra.length === 0) {
      equal++;
      continue;
    }
    fs.writeFileSync(path.join(options.keep, `${options.seed}-${number}.html`), page);
    const cause = causes.find(({ test }) => test({ page, document, missing, extra }))?.name;
    counts.set(cause, (counts.get(cause) ?? 0) + 1);
    if (cause) continue;
    unknown++;
    console.log(`${options.keep}/${options.seed}-${number}.html`);
    for (const link of missing.slice(0, 3)) console.log(`  missing ${link}`);
    for (const link of extra.slice(0, 3)) console.log(`  extra   ${link}`);
  }
  for (const [name, count] of counts) console.log(`${count} pages: ${name ?? "no known cause"}`);
  console.log(`seed ${options.seed}: ${options.pages} pages, ${links} links; ${equal} pages equal, ${unknown} different`);
  return unknown ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error.message);
    process.exit(2);
  },
);
