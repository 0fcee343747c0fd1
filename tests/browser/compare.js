"use strict";
// Runs areq and Chromium over the same pages and prints every difference between their links.

const fs = require("fs");
const os = require("os");
const path = require("path");
const { spawn } = require("child_process");
const { parseArgs } = require("util");
const { Browser } = require("./browser");
const { attributesOf } = require("./attributes");
const { explain, linkSet } = require("./known");
const { PageServer, findPages, headersOf } = require("./server");

const SHOWN_LENGTH = 300;

function options() {
  const { values, positionals } = parseArgs({
    options: {
      areq: { type: "string", default: "./areq" },
      attrs: { type: "string", default: "href" },
      limit: { type: "string", default: "0" },
      jobs: { type: "string", default: "2" },
    },
    allowPositionals: true,
  });
  return { ...values, limit: Number(values.limit), jobs: Number(values.jobs), folders: positionals };
}

// At most limit of them, spread evenly.
function spread(files, limit) {
  if (!limit || files.length <= limit) return files;
  return Array.from({ length: limit }, (_, i) => files[Math.floor((i * files.length) / limit)]);
}

const urlPath = (index, relative) => `/${index}/` + relative.split(path.sep).map(encodeURIComponent).join("/");

function listPages(folders, limit) {
  return folders.flatMap((folder, index) =>
    spread(findPages(folder), limit).map((file) => ({
      folder,
      file,
      path: urlPath(index, path.relative(folder, file)),
    })),
  );
}

// areq's links of every page, in one run: {links: from a page's URL to a set, status, messages}.
function runAreq(areq, attrs, urls) {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), "areq-browser-"));
  const list = path.join(work, "urls.txt");
  const output = path.join(work, "found.tsv");
  fs.writeFileSync(list, urls.map((url) => `${url}\n`).join(""));
  const links = new Map(urls.map((url) => [url, new Set()]));
  return new Promise((resolve) => {
    const child = spawn(areq, ["--no-header", "--attrs", attrs, list, "-o", output], {
      stdio: ["ignore", "inherit", "pipe"],
    });
    const messages = [];
    child.stderr.on("data", (data) => messages.push(data));
    child.on("error", (error) => messages.push(Buffer.from(error.message)));
    child.on("close", (status) => {
      const rows = fs.existsSync(output) ? fs.readFileSync(output, "utf8").split("\n") : [];
      for (const row of rows) {
        const tab = row.indexOf("\t");
        if (tab > 0) links.get(row.slice(0, tab)).add(row.slice(tab + 1));
      }
      fs.rmSync(work, { recursive: true });
      resolve({ links, status, messages: Buffer.concat(messages).toString() });
    });
  });
}

const minus = (left, right) => [...left].filter((item) => !right.has(item));

const shorten = (link) => (link.length > SHOWN_LENGTH ? `${link.slice(0, SHOWN_LENGTH)}… (${link.length})` : link);

// One page's verdict: {kind: "equal" | "known" | "different", reasons, missing, extra, encoding}.
async function comparePage(page, tab, server, areqLinks) {
  const url = server.origin + page.path;
  const load = async (charset) => {
    server.forceCharset(page.path, charset);
    try {
      return await tab.links(url);
    } finally {
      server.forceCharset(page.path, null);
    }
  };
  const found = await load(null);
  const { encoding } = found;
  const browserLinks = linkSet(found);
  const links = browserLinks.size;
  const missing = minus(browserLinks, areqLinks);
  const extra = minus(areqLinks, browserLinks);
  if (!missing.length && !extra.length) return { kind: "equal", encoding, links, reasons: [] };
  const contentType = headersOf(page.file)["content-type"];
  const both = { areqLinks, browserLinks, missing, extra };
  const left = await explain({ ...page, url, contentType, encoding, found, load, ...both });
  return { kind: left.missing.length || left.extra.length ? "different" : "known", encoding, links, ...left };
}

function printVerdict(page, verdict) {
  const names = verdict.reasons.length ? ` [${verdict.reasons.join(", ")}]` : "";
  console.log(`${verdict.kind}: ${page.file} (${verdict.encoding})${names}`);
  for (const link of verdict.missing) console.log(`  missing  ${shorten(link)}`);
  for (const link of verdict.extra) console.log(`  extra    ${shorten(link)}`);
}

async function compareAll(pages, browser, attributes, server, areqLinks, jobs) {
  const verdicts = new Map();
  const waiting = [...pages];
  const work = async () => {
    let tab = await browser.openTab(attributes);
    for (let page = waiting.shift(); page; page = waiting.shift()) {
      let verdict;
      try {
        verdict = await comparePage(page, tab, server, areqLinks.get(server.origin + page.path));
      } catch (error) {
        verdict = { kind: "different", encoding: String(error.message), links: 0, reasons: [], missing: [], extra: [] };
        await tab.close();
        tab = await browser.openTab(attributes);
      }
      verdicts.set(page, verdict);
      if (verdict.kind !== "equal") printVerdict(page, verdict);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return verdicts;
}

function printSummary(folders, verdicts) {
  const reasons = new Map();
  console.log("\n  pages    equal    known    different    links    folder");
  for (const folder of folders) {
    const own = [...verdicts].filter(([page]) => page.folder === folder).map(([, verdict]) => verdict);
    const count = (kind) => own.filter((verdict) => verdict.kind === kind).length;
    const links = own.reduce((sum, verdict) => sum + verdict.links, 0);
    const cells = [
      [own.length, 7],
      [count("equal"), 9],
      [count("known"), 9],
      [count("different"), 13],
      [links, 9],
    ];
    console.log(cells.map(([number, width]) => String(number).padStart(width)).join("") + `    ${folder}`);
    for (const verdict of own) {
      for (const reason of verdict.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  for (const [reason, pages] of [...reasons].sort()) console.log(`known difference ${reason}: ${pages} pages`);
}

async function main() {
  const { areq, attrs, limit, jobs, folders } = options();
  const pages = listPages(folders, limit);
  const server = new PageServer(pages);
  await server.start();
  const urls = pages.map((page) => server.origin + page.path);
  const found = await runAreq(areq, attrs, urls);
  if (found.status !== 0) console.error(`${areq} ended with status ${found.status}:\n${found.messages}`);
  const browser = await Browser.launch(process.env.CHROMIUM);
  console.log(`Chromium ${browser.version()}, ${pages.length} pages`);
  const verdicts = await compareAll(pages, browser, attributesOf(attrs), server, found.links, jobs);
  await browser.close();
  server.stop();
  printSummary(folders, verdicts);
  const different = [...verdicts.values()].some((verdict) => verdict.kind === "different");
  process.exitCode = different || found.status !== 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(error.message);
  process.exit(2);
});
