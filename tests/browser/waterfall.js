"use strict";
// Fetches 10,000 URLs with areq, opens the waterfall from the disk in headless Chromium, uses it, and saves pictures.
// Exit status 0: all is as it should be; 1: something is not; 2: it could not run.

const { execFile, spawn } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { parseArgs } = require("util");
const { chromium } = require("playwright-core");

const URLS = 10000;
const HOSTS = 40;
const JOBS = 256;
const OPEN_LIMIT_MS = 10000;
const HOSTILE = "</script><img src=http://127.0.0.1:1/x onerror=alert(1)><b>\"'&amp;";

function options() {
  const { values } = parseArgs({
    options: {
      areq: { type: "string", default: "./areq" },
      server: { type: "string", default: "build/areq-testserver" },
      shots: { type: "string", default: "build/browser/waterfall" },
    },
  });
  for (const program of [values.areq, values.server])
    if (!fs.existsSync(program)) throw new Error(`there is no ${program}: make areq build/areq-testserver`);
  return values;
}

let failures = 0;

function check(name, good, detail) {
  if (!good) failures++;
  console.log(`${good ? "ok    " : "WRONG "} ${name}${good || detail === undefined ? "" : `: ${detail}`}`);
}

// Repeatable numbers from 0 to 1.
function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

// Pages of 40 hosts, some of them quick; with errors, redirects, pictures, resets, refusals and what is no URL.
function listOf(port) {
  const random = dice(7);
  const lines = [];
  for (let i = 0; i < URLS - 1; i++) {
    const host = `127.0.0.${1 + Math.floor(HOSTS * random() * random())}`;
    const delay = Math.floor(15 / (0.04 + random()));
    const kind = random();
    const path =
      kind < 0.02 ? `/_/page?status=404&group=${i}`
      : kind < 0.022 ? `/_/page?status=503&group=${i}`
      : kind < 0.03 ? `/_/page?type=image/png&group=${i}`
      : kind < 0.05 ? `/_/page?status=302&group=${i}&location=/_/page%3Flinks%3D2%26group%3Dt${i}`
      : kind < 0.053 ? `/_/page?reset=1&group=${i}`
      : `/_/page?links=${i % 30}&delay=${delay}&body_delay=${Math.floor(delay * random())}&group=${i}`;
    lines.push(`http://${host}${kind > 0.998 ? ":1" : `:${port}`}${path}`);
  }
  lines.push(HOSTILE);
  return lines.join("\n") + "\n";
}

async function startServer(program) {
  const binds = Array.from({ length: HOSTS }, (_, i) => ["--bind", `127.0.0.${i + 1}`]).flat();
  const server = spawn(program, ["--log", "0", ...binds], { stdio: ["pipe", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    server.stdout.once("data", (bytes) => resolve(String(bytes)));
    server.once("exit", () => reject(new Error("the test server does not start")));
  });
  return { server, port: Number(/:(\d+)/.exec(line)[1]) };
}

async function makeWaterfall({ areq, server: program }, folder) {
  const { server, port } = await startServer(program);
  const list = path.join(folder, "list");
  const file = path.join(folder, "waterfall.html");
  fs.writeFileSync(list, listOf(port));
  const args = ["-q", "-j", String(JOBS), "--per-host", "20", "-r", "1", "--fail-on", "never", "-o", "/dev/null"];
  await new Promise((resolve, reject) => {
    execFile(areq, [...args, "--waterfall", file, list], (error) => (error ? reject(error) : resolve()));
  });
  server.stdin.end();
  return file;
}

// The data as areq wrote them, for what is to be seen.
function readUrls(file) {
  const text = fs.readFileSync(file, "utf8");
  const lines = text.slice(text.indexOf('id="data">') + 11, text.lastIndexOf("</script>")).trim().split("\n");
  return lines
    .map((line) => JSON.parse(line))
    .filter((line) => line.url !== undefined)
    .map((line, index) => {
      const times = line.times.map((ms) => Math.max(ms, 0));
      const began = times[0] + times[1] + times[2];
      const took = times.slice(3).reduce((sum, ms) => sum + ms, 0);
      const host = (/^[a-z]+:\/\/([^/?#]*)/.exec(line.url) || ["", ""])[1];
      return { ...line, index, began, took, host };
    });
}

async function openPage(browser, file, settings) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...settings });
  const page = await context.newPage();
  const seen = { requests: [], problems: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => seen.problems.push(message.text()));
  page.on("pageerror", (error) => seen.problems.push(error.stack));
  page.on("dialog", (dialog) => {
    seen.problems.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  const started = Date.now();
  await page.goto(`file://${file}`);
  await page.waitForFunction(() => document.querySelector(".row, #empty:not([hidden])"));
  return { context, page, seen, ms: Date.now() - started };
}

const settle = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

// The rows in view: [{index, url, code, took}], by their place in the order.
async function rowsOf(page) {
  await settle(page);
  const rows = await page.$$eval(".row:not([hidden])", (all) =>
    all.map((row) => ({
      index: Number(row.getAttribute("aria-rowindex")) - 1,
      url: row.querySelector(".url").textContent,
      code: row.querySelector(".status").textContent,
    })),
  );
  return rows.sort((a, b) => a.index - b.index);
}

const shownUrl = (url) => url.url.replace(/^https?:\/\//, "");

function sameOrder(rows, expected) {
  const wrong = rows.find((row) => !expected[row.index] || row.url !== shownUrl(expected[row.index]));
  return rows.length === 0 ? "no rows" : wrong && `row ${wrong.index} is ${wrong.url}`;
}

async function checkOrders(page, urls) {
  const ranks = ["failed", "interrupted", "skipped", "ok"];
  const start = (a, b) => a.began - b.began || a.index - b.index;
  const text = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const orders = {
    start,
    duration: (a, b) => b.took - a.took || start(a, b),
    host: (a, b) => text(a.host, b.host) || start(a, b),
    outcome: (a, b) => ranks.indexOf(a.outcome) - ranks.indexOf(b.outcome) || b.status - a.status || start(a, b),
  };
  for (const [name, order] of Object.entries(orders)) {
    await page.selectOption("#sort", name);
    const expected = [...urls].sort(order);
    for (const place of [0, 0.5, 1]) {
      await page.$eval("#list", (list, at) => list.scrollTo(0, at * list.scrollHeight), place);
      const wrong = sameOrder(await rowsOf(page), expected);
      check(`sorted by ${name}, at ${place * 100} %`, !wrong, wrong);
    }
  }
  await page.click("#direction");
  await page.$eval("#list", (list) => list.scrollTo(0, list.scrollHeight));
  const reversed = [...urls].sort(orders.outcome).reverse();
  const wrong = sameOrder(await rowsOf(page), reversed);
  check("the other way round", !wrong, wrong);
  await page.click("#direction");
  await page.selectOption("#sort", "start");
}

const shownText = (page) => page.textContent("#shown");

async function checkFilters(page, urls) {
  const count = (test) => `${urls.filter(test).length.toLocaleString("en")} of 10,000 URLs`;
  const cases = [
    ["404", (url) => url.status === 404 || url.url.includes("404") || (url.final || "").includes("404")],
    ["127.0.0.7: GROUP=1", (url) => url.url.includes("127.0.0.7:") && url.url.includes("group=1")],
    ["reset by peer", (url) => (url.reason || "").includes("reset by peer")],
  ];
  for (const [words, test] of cases) {
    await page.fill("#search", words);
    const wanted = count(test);
    check(`filtered by ${words}`, (await shownText(page)) === wanted, `${await shownText(page)}, not ${wanted}`);
    check("… its number of rows", (await page.getAttribute("#space", "aria-rowcount")) === wanted.split(" ")[0].replace(",", ""));
  }
  await page.fill("#search", "nothing has this");
  check("filtered by what is nowhere", await page.isVisible("#empty"));
  check("… no row is left", (await rowsOf(page)).length === 0);
  await page.fill("#search", "");
  await page.click("[data-outcome=failed]");
  check("only what failed", (await shownText(page)) === count((url) => url.outcome === "failed"), await shownText(page));
  check("… and each row says so", (await rowsOf(page)).every((row) => row.code.startsWith("✕")));
  await page.click("[data-outcome=failed]");
  check("all again", (await shownText(page)) === "10,000 URLs", await shownText(page));
}

async function checkKeys(page) {
  await page.keyboard.press("/");
  check("the slash leads to the filter", await page.evaluate(() => document.activeElement.id === "search"));
  await page.keyboard.type("127.0.0.3:");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-rowindex"));
  check("the arrows lead to the rows", (await focused()) === "2", await focused());
  await page.keyboard.press("End");
  check("End leads to the last", (await focused()) === (await page.getAttribute("#space", "aria-rowcount")));
  await page.keyboard.press("Enter");
  check("Enter shows the details", await page.isVisible("#card"));
  await page.keyboard.press("Escape");
  check("Escape closes them", !(await page.isVisible("#card")));
  await page.focus("#search");
  await page.keyboard.press("Escape");
  check("Escape clears the filter", (await shownText(page)) === "10,000 URLs");
}

async function checkDetails(page, urls) {
  const failed = urls.find((url) => url.status === 404);
  await page.fill("#search", failed.url);
  await page.hover(".row:not([hidden])");
  const tip = await page.textContent("#tip");
  check("hovering shows the URL, its reason and its phases",
    [failed.url, "got 404 Not Found", "wait", "attempts"].every((text) => tip.includes(text)), tip);
  await page.click(".row:not([hidden])");
  check("a click keeps them", (await page.textContent("#card")).includes("got 404 Not Found"));
  await page.keyboard.press("Escape");
  await page.fill("#search", "onerror");
  check("text from elsewhere is text", (await rowsOf(page))[0].url === HOSTILE);
  check("… and makes no element", (await page.$$(".row b, .row img")).length === 0);
  await page.fill("#search", "");
}

async function checkZoom(page) {
  const box = await page.locator("#curve").boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.35, box.y + 20, { steps: 5 });
  await page.mouse.up();
  const zoomed = await shownText(page);
  check("dragging on the curve zooms", / of 10,000 URLs$/.test(zoomed), zoomed);
  await settle(page);
  const first = await page.textContent("#ticks span");
  check("… and the axis with it", !/^0\s/.test(first), first);
  return async () => {
    await page.click("#whole");
    check("and back", (await shownText(page)) === "10,000 URLs", await shownText(page));
  };
}

// WCAG 2.1, relative luminance.
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

async function checkContrast(page, scheme) {
  const colours = await page.evaluate(() => {
    const style = getComputedStyle(document.documentElement);
    const rgb = (name) => style.getPropertyValue(name).trim().match(/[0-9a-f]{2}/gi).map((hex) => parseInt(hex, 16));
    const names = ["--text", "--soft", "--accent", "--ok", "--failed", "--skipped", "--interrupted"];
    return { back: rgb("--back"), panel: rgb("--panel"), texts: names.map((name) => [name, rgb(name)]) };
  });
  for (const [name, rgb] of colours.texts) {
    for (const back of [colours.back, colours.panel]) {
      const [dark, light] = [luminance(rgb), luminance(back)].sort((a, b) => a - b);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < 4.5) check(`${name} can be read in ${scheme}`, false, ratio.toFixed(2));
    }
  }
  check(`${scheme} is ${scheme}`, luminance(colours.back) > 0.5 === (scheme === "light"));
}

// What the page cannot do even if a script of it wanted to.
async function checkPolicy(page, seen) {
  const tried = await page.evaluate(async () => {
    const refused = [];
    document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
    await fetch("http://127.0.0.1:1/").catch(() => {});
    const image = new Image();
    const ended = new Promise((done) => (image.onerror = done));
    image.src = "http://127.0.0.1:1/x.png";
    await ended;
    return refused;
  });
  check("its policy lets nothing be fetched", tried.includes("connect-src") && tried.includes("img-src"), tried);
  seen.problems = seen.problems.filter((text) => !/Content Security Policy/.test(text));
}

async function useWide(browser, file, urls, shot) {
  const { context, page, seen, ms } = await openPage(browser, file, { colorScheme: "light" });
  check(`opens in ${ms} ms`, ms < OPEN_LIMIT_MS);
  check("has a title", /^areq: 10,000 URLs in /.test(await page.title()), await page.title());
  check("all rows count", (await page.getAttribute("#space", "aria-rowcount")) === "10000");
  const peak = Number(/\d+/.exec(await page.textContent("#peak"))[0]);
  check("as many in flight as areq allows, and no more", peak > JOBS / 2 && peak <= JOBS, peak);
  check("few are in the document", (await page.$$(".row")).length < 100);
  await shot(page, "wide-light");
  await checkOrders(page, urls);
  await checkFilters(page, urls);
  await checkKeys(page);
  await checkDetails(page, urls);
  const back = await checkZoom(page);
  await shot(page, "wide-light-zoomed");
  await back();
  await checkContrast(page, "light");
  check("asked for nothing but itself", seen.requests.length === 1, seen.requests);
  await checkPolicy(page, seen);
  check("without a word on the console", seen.problems.length === 0, seen.problems);
  await context.close();
}

async function useDark(browser, file, shot) {
  const { context, page } = await openPage(browser, file, { colorScheme: "dark" });
  await checkContrast(page, "dark");
  await page.selectOption("#sort", "duration");
  await page.locator(".row").nth(5).click();
  await shot(page, "wide-dark-details");
  await context.close();
}

async function usePhone(browser, file, shot, scheme) {
  const { context, page, seen } = await openPage(browser, file, {
    viewport: { width: 360, height: 740 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
    colorScheme: scheme,
  });
  const width = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth));
  check(`fits a phone, ${scheme}`, width <= 360, width);
  const height = await page.$eval("#list", (list) => list.clientHeight);
  check("… with room for the rows", height > 300, height);
  await shot(page, `phone-${scheme}`);
  await page.locator(".row").nth(4).tap();
  check("… a tap shows the details", await page.isVisible("#card"));
  await shot(page, `phone-${scheme}-details`);
  check("… without a word on the console", seen.problems.length === 0, seen.problems);
  await context.close();
}

// A run that was killed: the page ends within a line of its data.
async function useTorn(browser, file, folder) {
  const torn = path.join(folder, "torn.html");
  const bytes = fs.readFileSync(file);
  fs.writeFileSync(torn, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
  const { context, page, seen } = await openPage(browser, torn, {});
  check("half a file shows what is in it", /^[1-9],\d{3} URLs$/.test(await shownText(page)), await shownText(page));
  check("… and says so", await page.isVisible("#note"));
  check("… without a word on the console", seen.problems.length === 0, seen.problems);
  await context.close();
}

async function main() {
  const settings = options();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "areq-waterfall-"));
  fs.mkdirSync(settings.shots, { recursive: true });
  const file = await makeWaterfall(settings, folder);
  const urls = readUrls(file);
  check("areq wrote 10,000 URLs", urls.length === URLS, urls.length);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--disable-gpu"] });
  console.log(`Chromium ${browser.version()}, ${fs.statSync(file).size} bytes`);
  const shot = async (page, name) => {
    await settle(page);
    await page.screenshot({ path: path.join(settings.shots, `${name}.png`) });
  };
  await useWide(browser, file, urls, shot);
  await useDark(browser, file, shot);
  await usePhone(browser, file, shot, "light");
  await usePhone(browser, file, shot, "dark");
  await useTorn(browser, file, folder);
  await browser.close();
  fs.rmSync(folder, { recursive: true });
  console.log(`${failures ? `${failures} wrong` : "all good"}; pictures in ${settings.shots}`);
  process.exit(failures ? 1 : 0);
}

main().catch((error) => {
  console.error(error.stack);
  process.exit(2);
});
