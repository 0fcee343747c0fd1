"use strict";
// Where Chromium departs from the standards, by name: what areq does there is what the standard says. Each kind was seen
// on a page of pages/ before it was listed here, and each recognises that one thing only.

const fs = require("fs");

// --- Links that the standard writes in another way, or refuses.

// scheme, authority with its slashes, path, query, fragment
const PARTS = /^([a-z][a-z0-9+.-]*:)(\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/s;
const SPECIAL = /^(https?|wss?|ftp|file):$/;

function rewrite(link, change) {
  const match = PARTS.exec(link);
  if (!match) return link;
  const parts = {
    scheme: match[1],
    authority: match[2] ?? "",
    path: match[3],
    query: match[4] ?? "",
    fragment: match[5] ?? "",
  };
  change(parts);
  return parts.scheme + parts.authority + parts.path + parts.query + parts.fragment;
}

// name; chromium(link): how Chromium writes a link of the standard's spelling; or the other way round, standard(link, href,
// base), where Chromium's spelling, or the attribute's value and the base, tell more.
const SPELLINGS = [
  {
    name: "pipe-in-path",
    chromium: (link) =>
      rewrite(link, (parts) => {
        if (parts.path.startsWith("/")) parts.path = parts.path.replaceAll("|", "%7C");
      }),
  },
  {
    name: "apostrophe-in-userinfo",
    chromium: (link) =>
      rewrite(link, (parts) => {
        parts.authority = parts.authority.replace(/^.*@/s, (user) => user.replaceAll("'", "%27"));
      }),
  },
  {
    name: "apostrophe-in-query-of-other-scheme",
    chromium: (link) =>
      rewrite(link, (parts) => {
        if (!SPECIAL.test(parts.scheme)) parts.query = parts.query.replaceAll("'", "%27");
      }),
  },
  {
    name: "asterisk-in-host",
    chromium: (link) =>
      rewrite(link, (parts) => {
        if (SPECIAL.test(parts.scheme)) parts.authority = parts.authority.replaceAll("*", "%2A");
      }),
  },
  {
    name: "space-at-end-of-opaque-path",
    chromium: (link) =>
      rewrite(link, (parts) => {
        if (!parts.authority && !parts.path.startsWith("/")) parts.path = parts.path.replace(/%20$/, " ");
      }),
  },
  {
    // Only in a link that is relative to a base of such a scheme.
    name: "backslash-with-base-of-other-scheme",
    standard: (link, href, base) =>
      href.includes("\\") && URL.canParse(href, base) && !SPECIAL.test(new URL(base).protocol)
        ? new URL(href, base).href
        : link,
  },
  {
    name: "file-empty-segments",
    chromium: (link) => link.replace(/^file:\/\/\/\/+/, "file:///"),
  },
  {
    name: "file-localhost",
    standard: (link) => link.replace(/^file:\/\/localhost\//, "file:///"),
  },
  {
    name: "file-drive-letter",
    standard: (link) => link.replace(/^file:\/\/\/([A-Za-z])%7C(?=\/|$)/, "file:///$1:"),
  },
];

// name; applies(link, href): Chromium's link, made of that attribute value, is no URL by the standard.
const REFUSED = [
  {
    name: "space-in-host",
    applies: (link) => /^(https?|wss?|ftp|file):\/\/[^/?#]*%20/.test(link),
  },
  {
    name: "zero-before-ipv4-in-ipv6",
    applies: (link, href) => /^\s*[a-z]*:?\/\/\[[0-9a-f:]*:(\d+\.)*0\d[\d.]*\]/i.test(href),
  },
];

// name; applies(link, href): the standard's link, made of that attribute value, is no URL to Chromium.
const LOST = [
  {
    name: "file-without-path",
    applies: (link, href) => /^file:\/\/[^/]*\/[?#]/.test(link) && /^\s*file:\/\/[^/\\]*[?#]/i.test(href),
  },
];

const isRefused = (link, href) => REFUSED.some((kind) => kind.applies(link, href));

// --- Queries in another encoding.

// The text of a percent-encoded query; a number that stands for a character the encoding lacks is that character.
function queryText(query, encoding) {
  const bytes = Buffer.from(
    query.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
    "latin1",
  );
  const text = new TextDecoder(encoding).decode(bytes);
  return text.replace(/&#(\d+);/g, (_, number) => String.fromCodePoint(Number(number)));
}

function sameButQuery(link, encoding, other, otherEncoding) {
  const [left, right] = [PARTS.exec(link), PARTS.exec(other)];
  if (!left || !right || !left[4] || !right[4]) return false;
  if ([1, 2, 3, 5].some((part) => left[part] !== right[part])) return false;
  return queryText(left[4], encoding) === queryText(right[4], otherEncoding);
}

const QUERIES = [
  {
    // Chromium's base is written in UTF-8, whatever the page's encoding.
    name: "query-of-base",
    applies: ({ href }) => /^\s*(#|$)/.test(href),
    same: (link, other, encoding) => sameButQuery(link, "utf-8", other, encoding),
  },
  {
    // Chromium uses the page's encoding for these, too.
    name: "query-of-other-scheme",
    applies: ({ link }) => !/^(https?|ftp|file):/.test(link),
    same: (link, other, encoding) => sameButQuery(link, encoding, other, "utf-8"),
  },
];

// --- Whole pages.

const MARKUP_THAT_HIDES = /<!--.*?-->|<script\b.*?<\/script\s*>/gis;
const DECLARED_LABEL = /<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([^"'\s>;]+)/i;
const PRESCAN_LENGTH = 1024;

const spellAsChromium = (link) => SPELLINGS.reduce((spelled, kind) => kind.chromium?.(spelled) ?? spelled, link);

const spelledSet = (links) => new Set([...links].map(spellAsChromium));

function sameSet(links, others) {
  const [left, right] = [spelledSet(links), spelledSet(others)];
  return left.size === right.size && [...left].every((item) => right.has(item));
}

const linkSet = (found) => new Set(found.links.map(({ link }) => link).filter((link) => link !== null));

function isLabel(label) {
  try {
    return Boolean(new TextDecoder(label));
  } catch {
    return false;
  }
}

const isDeclared = (page, text) =>
  /charset=/i.test(page.contentType) ||
  /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/.test(text) ||
  /^<\?xml[^>]*\bencoding/.test(text) ||
  isLabel(DECLARED_LABEL.exec(text.replace(/<!--.*?-->/gs, ""))?.[1] ?? "");

// Where the page is read as if its header declared that label, do both agree?
async function agreesAs(page, label) {
  if (!label) return false;
  try {
    return sameSet(linkSet(await page.load(label)), page.areqLinks);
  } catch {
    return false;
  }
}

const PAGES = [
  {
    // Chromium looks for a declaration only until the head ends.
    name: "meta-after-head",
    applies: async (page, text) => {
      const late = text.slice(PRESCAN_LENGTH - "<meta charset=".length).replace(MARKUP_THAT_HIDES, "");
      return agreesAs(page, DECLARED_LABEL.exec(late)?.[1]);
    },
  },
  {
    // Chromium takes the second of two attributes.
    name: "meta-charset-twice",
    applies: async (page, text) => {
      const twice = /<meta\s[^>]*?\bcharset\s*=\s*["']?([\w-]+)["']?\s[^>]*\bcharset\s*=/i.exec(text);
      return agreesAs(page, twice?.[1]);
    },
  },
  {
    // The prescan knows no text elements, Chromium does.
    name: "meta-in-text-element",
    applies: async (page, text) => {
      const hidden = /<(script|title|textarea)\b[^>]*>(.*?)<\/\1/is.exec(text.slice(0, PRESCAN_LENGTH));
      return agreesAs(page, hidden && DECLARED_LABEL.exec(hidden[2])?.[1]);
    },
  },
  {
    // areq reads each link of such a page as UTF-8 where it is that, else as windows-1252; Chromium guesses for the page.
    name: "undeclared-encoding",
    applies: async (page, text) => {
      if (!/^text\/html/i.test(page.contentType) || isDeclared(page, text)) return false;
      const utf8 = await page.load("utf-8");
      const latin = await page.load("windows-1252");
      const allowed = new Set([...linkSet(utf8), ...linkSet(latin)]);
      const found = spelledSet(page.areqLinks);
      const hasOne = ({ link }, i) =>
        [link, latin.links[i].link].some((reading) => reading === null || found.has(reading));
      return [...found].every((link) => allowed.has(link)) && utf8.links.every(hasOne);
    },
  },
  {
    // Chromium then has no base at all, or one with a blank in its host, and every relative link is lost.
    name: "base-that-is-no-url",
    applies: async (page) => {
      if (page.found.base !== "about:blank" && !isRefused(page.found.base, page.found.base)) return false;
      const links = page.found.links
        .filter(({ href }) => URL.canParse(href, page.url))
        .map(({ href }) => new URL(href, page.url).href);
      return sameSet(new Set(links), page.areqLinks);
    },
  },
  {
    // Chromium's decoder writes half a character for the two pairs of bytes that stand for two characters each.
    name: "big5-two-characters",
    applies: async (page) =>
      page.encoding === "Big5" &&
      page.missing.length === 0 &&
      page.extra.every((link) => /%C3%(8A|AA)%CC%(84|8C)/.test(link)),
  },
];

// --- All together.

function explainSpellings(page, left, reasons) {
  for (const link of [...left.missing]) {
    const { href } = page.found.links.find((found) => found.link === link);
    const refused = REFUSED.find((kind) => kind.applies(link, href));
    const spelling = SPELLINGS.find((kind) => {
      const written = kind.standard?.(link, href, page.found.base) ?? link;
      return written !== link && page.areqLinks.has(written);
    });
    if (!refused && !spelling) continue;
    reasons.add((refused ?? spelling).name);
    left.missing.delete(link);
    if (spelling) left.extra.delete(spelling.standard(link, href, page.found.base));
  }
  const lost = page.found.links.filter(({ link }) => link === null);
  for (const link of [...left.extra]) {
    const kind = LOST.find((candidate) => lost.some(({ href }) => candidate.applies(link, href)));
    if (kind) {
      reasons.add(kind.name);
      left.extra.delete(link);
      continue;
    }
    let written = link;
    const used = [];
    for (const kind of SPELLINGS.filter((candidate) => candidate.chromium)) {
      const next = kind.chromium(written);
      if (next !== written) used.push(kind.name);
      written = next;
    }
    if (!used.length || !page.browserLinks.has(written)) continue;
    used.forEach((name) => reasons.add(name));
    left.missing.delete(written);
    left.extra.delete(link);
  }
}

function explainQueries(page, left, reasons) {
  if (page.encoding === "UTF-8") return;
  for (const link of [...left.missing]) {
    const found = page.found.links.filter((candidate) => candidate.link === link);
    for (const kind of QUERIES.filter((candidate) => found.some(candidate.applies))) {
      const other = [...page.areqLinks].find((candidate) => kind.same(link, candidate, page.encoding));
      if (!other) continue;
      reasons.add(kind.name);
      left.missing.delete(link);
      left.extra.delete(other);
      break;
    }
  }
}

// What is left of a page's missing and extra links once the known kinds are taken away, and their names.
// page: {file, url, contentType, encoding, found, load, areqLinks, browserLinks, missing, extra}
async function explain(page) {
  const left = { missing: new Set(page.missing), extra: new Set(page.extra) };
  const reasons = new Set();
  explainSpellings(page, left, reasons);
  explainQueries(page, left, reasons);
  if (left.missing.size || left.extra.size) {
    const text = fs.readFileSync(page.file, "latin1");
    for (const kind of PAGES) {
      if (await kind.applies(page, text)) return { reasons: [...reasons, kind.name], missing: [], extra: [] };
    }
  }
  return { reasons: [...reasons], missing: [...left.missing], extra: [...left.extra] };
}

module.exports = { explain, linkSet };
