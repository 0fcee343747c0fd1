"use strict";
// Serves the pages of some folders on the loopback, the way a server that knows nothing of their encodings would.

const fs = require("fs");
const http = require("http");
const path = require("path");

const TYPES = {
  ".html": "text/html",
  ".htm": "text/html",
  ".xhtml": "application/xhtml+xml",
  ".xht": "application/xhtml+xml",
};

const typeOf = (file) => TYPES[path.extname(file).toLowerCase()];

// The page files below a folder, sorted, each once even where symbolic links lead to it twice.
function findPages(folder) {
  const files = [];
  const visited = new Set();
  const walk = (directory) => {
    const real = fs.realpathSync(directory);
    if (visited.has(real)) return;
    visited.add(real);
    for (const name of fs.readdirSync(directory).sort()) {
      const file = path.join(directory, name);
      const stat = fs.statSync(file, { throwIfNoEntry: false });
      if (!stat) continue;
      if (stat.isDirectory()) walk(file);
      else if (stat.isFile() && typeOf(file)) files.push(file);
    }
  };
  walk(folder);
  return files;
}

// The headers of a page, names in lower case: those of its sidecar file, "Name: value" on each line, come first.
function headersOf(file) {
  const headers = { "content-type": typeOf(file), "cache-control": "no-store" };
  const sidecar = `${file}.headers`;
  if (!fs.existsSync(sidecar)) return headers;
  for (const line of fs.readFileSync(sidecar, "latin1").split(/\r?\n/).filter(Boolean)) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}

class PageServer {
  // pages: [{path: the URL's path, file}]
  constructor(pages) {
    this.files = new Map(pages.map((page) => [page.path, page.file]));
    this.forced = new Map();
    this.http = http.createServer((request, response) => this.answer(request, response));
    this.http.keepAliveTimeout = 60000;
  }

  async start() {
    await new Promise((resolve) => this.http.listen(0, "127.0.0.1", resolve));
    this.origin = `http://127.0.0.1:${this.http.address().port}`;
  }

  stop() {
    this.http.close();
    this.http.closeAllConnections();
  }

  // From now on the page declares this encoding in its header; null: as before.
  forceCharset(pagePath, charset) {
    if (charset) this.forced.set(pagePath, charset);
    else this.forced.delete(pagePath);
  }

  answer(request, response) {
    const file = this.files.get(request.url);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    const headers = headersOf(file);
    const charset = this.forced.get(request.url);
    if (charset) headers["content-type"] = `${headers["content-type"].split(";")[0]}; charset=${charset}`;
    const body = fs.readFileSync(file);
    response.writeHead(200, { ...headers, "content-length": body.length });
    response.end(body);
  }
}

module.exports = { PageServer, findPages, headersOf };
