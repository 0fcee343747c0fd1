"use strict";
// Has Chromium's own network panel open an HTTP archive of areq's, as "Import HAR file" does, and compares its rows and the
// headers that it reads with what was fetched. Exit status 0: all is as it should be; 1: something is not.
//
// usage: har.js [--areq PATH] [--server PATH] [--shots FOLDER]

const { execFileSync, spawn } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { parseArgs } = require("util");
const { chromium } = require("playwright-core");

const PANEL = "devtools://devtools/bundled/";

const { values: options } = parseArgs({
  options: {
    areq: { type: "string", default: "./areq" },
    server: { type: "string", default: "build/areq-testserver" },
    shots: { type: "string", default: "build/browser/har" },
  },
});

async function makeArchive(folder) {
  const server = spawn(options.server, [], { stdio: ["pipe", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    server.stdout.once("data", (bytes) => resolve(String(bytes)));
    server.once("exit", () => reject(new Error("the test server does not start")));
  });
  const site = `http://127.0.0.1:${/:(\d+)/.exec(line)[1]}`;
  const moved = "status=302&location=/_/page%3Fgroup%3Dtarget&header=Set-Cookie:%20sid=1;%20Path=/;%20HttpOnly";
  const urls = ["links=3&delay=200", "links=900", "status=404", "type=image/png", "reset=1", moved].map(
    (query) => `${site}/_/page?${query}`,
  );
  const file = path.join(folder, "run.har");
  execFileSync(options.areq, ["-q", "-r", "0", "--fail-on", "never", "--har", file, "-o", "/dev/null", ...urls]);
  server.stdin.end();
  return file;
}

// A row a request: the query as the panel shows it, and the status.
const rowsOf = (page) =>
  page.evaluate(() => {
    const rows = [];
    const walk = (root) => {
      for (const element of root.querySelectorAll("*")) {
        if (element.matches(".network-log-grid tr.data-grid-data-grid-node"))
          rows.push([".name-column", ".status-column"].map((column) => element.querySelector(column).textContent));
        if (element.shadowRoot) walk(element.shadowRoot);
      }
    };
    walk(document);
    return rows;
  });

// What the panel knows of the request whose query begins with this.
const requestOf = (page, query) =>
  page.evaluate(
    async ([panel, query]) => {
      const logs = await import(`${panel}models/logs/logs.js`);
      const request = logs.NetworkLog.NetworkLog.instance()
        .requests()
        .find((request) => request.url().includes(`page?${query}`));
      const named = (fields) => fields.map(({ name, value }) => `${name}: ${value}`);
      return {
        sent: named(request.requestHeaders()),
        received: named(request.responseHeaders),
        protocol: request.protocol,
        address: request.remoteAddress(),
      };
    },
    [PANEL, query],
  );

async function openInPanel(file) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 500 } });
    await page.goto(`${PANEL}devtools_app.html`);
    await page.waitForFunction(() => document.querySelector("body *"));
    await page.evaluate(async (panel) => {
      const ui = await import(`${panel}ui/legacy/legacy.js`);
      await ui.ViewManager.ViewManager.instance().showView("network");
    }, PANEL);
    await page.locator("input[type=file]").first().setInputFiles(file);
    await page.locator(".network-log-grid tr.data-grid-data-grid-node").first().waitFor();
    await page.waitForTimeout(500);
    fs.mkdirSync(options.shots, { recursive: true });
    await page.screenshot({ path: path.join(options.shots, "network-panel.png") });
    const [target, moved] = [await requestOf(page, "group=target"), await requestOf(page, "status=302")];
    return { rows: await rowsOf(page), target, moved };
  } finally {
    await browser.close();
  }
}

function expectField(fields, wanted) {
  if (!fields.includes(wanted)) throw new Error(`no field "${wanted}" in ${JSON.stringify(fields)}`);
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "areq-har-"));
  try {
    const { rows, target, moved } = await openInPanel(await makeArchive(folder));
    const wanted = {
      "links=3": "200",
      "links=900": "200",
      "status=404": "404",
      "type=image": "200",
      "reset=1": "",
      "status=302": "302",
      "group=target": "200",
    };
    for (const [query, status] of Object.entries(wanted)) {
      const row = rows.find(([name]) => name.startsWith(`page?${query}`));
      if (!row || !row[1].startsWith(status))
        throw new Error(`no row for ${query} with status ${status}: ${JSON.stringify(rows)}`);
    }
    if (rows.length !== Object.keys(wanted).length) throw new Error(`${rows.length} rows: ${JSON.stringify(rows)}`);
    expectField(target.sent, "Cookie: sid=[redacted]");
    expectField(target.received, "Content-Type: text/html");
    expectField(moved.received, "Set-Cookie: sid=[redacted]; Path=/; HttpOnly");
    if (target.protocol.toUpperCase() !== "HTTP/1.1" || !target.address.startsWith("127.0.0.1"))
      throw new Error(`another connection: ${JSON.stringify(target)}`);
    const picture = `a picture in ${options.shots}`;
    console.log(`har: Chromium's network panel shows all ${rows.length} requests and their headers; ${picture}`);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

main().catch((error) => {
  console.error(`har: ${error.message}`);
  process.exit(1);
});
