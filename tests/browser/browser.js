"use strict";
// The links that Chromium's DOM holds, with scripts off and nothing loaded but the page itself.

const { chromium } = require("playwright-core");
const { FIND_ATTRIBUTES } = require("./attributes");

const PAGE_TIMEOUT_MS = 20000;

// Runs in an isolated world of the page. Everything is taken from the prototypes, since a page may have elements named
// like properties of its document. An <a> of the page's own document resolves a link as the browser's links are resolved:
// against document.baseURI, and with the page's encoding in the query, which new URL() alone would write as UTF-8.
const findLinks = (attributes) => `(() => {
  const getter = (type, name) => Object.getOwnPropertyDescriptor(type.prototype, name).get;
  const localName = getter(Element, "localName");
  const protocol = getter(HTMLAnchorElement, "protocol");
  const href = getter(HTMLAnchorElement, "href");
  const anchor = Document.prototype.createElementNS.call(document, "http://www.w3.org/1999/xhtml", "a");
  const wanted = ${JSON.stringify(attributes)};
  const links = [];
  const resolve = (value) => {
    Element.prototype.setAttribute.call(anchor, "href", value);
    return protocol.call(anchor) === ":" ? null : href.call(anchor);
  };
  for (const element of Document.prototype.querySelectorAll.call(document, "[href]")) {
    if (localName.call(element) === "base" || !wanted.includes("href")) continue;
    const value = Element.prototype.getAttribute.call(element, "href");
    links.push({ href: value, link: resolve(value) });
  }
  const others = wanted.some((name) => name !== "href") ? ${FIND_ATTRIBUTES}(wanted, resolve) : [];
  return {
    links: links.concat(others),
    encoding: getter(Document, "characterSet").call(document),
    base: getter(Node, "baseURI").call(document),
  };
})()`;

class Tab {
  static async open(context, attributes) {
    const self = new Tab();
    self.attributes = attributes;
    self.page = await context.newPage();
    self.cdp = await context.newCDPSession(self.page);
    self.wanted = null;
    self.loaded = () => {};
    await self.cdp.send("Page.enable");
    await self.cdp.send("Page.setLifecycleEventsEnabled", { enabled: true });
    self.cdp.on("Page.lifecycleEvent", (event) => {
      if (event.name === "DOMContentLoaded") self.loaded(event);
    });
    const { frameTree } = await self.cdp.send("Page.getFrameTree");
    self.frame = frameTree.frame.id;
    self.cdp.on("Fetch.requestPaused", (event) => self.decide(event));
    await self.cdp.send("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
    return self;
  }

  // Only the page asked for is loaded, once: no frame, no picture, no page that a refresh leads to.
  decide(event) {
    const page = event.resourceType === "Document" && event.frameId === this.frame && event.request.url === this.wanted;
    if (page) this.wanted = null;
    const answer = page
      ? this.cdp.send("Fetch.continueRequest", { requestId: event.requestId })
      : this.cdp.send("Fetch.failRequest", { requestId: event.requestId, errorReason: "Aborted" });
    answer.catch(() => {});
  }

  // {links: [{href: the attribute's value, link: the URL, null where it is none}], encoding, base}. Throws where the browser
  // shows no document for it.
  async links(url) {
    const early = [];
    this.wanted = url;
    this.loaded = (event) => early.push(event);
    const { loaderId, errorText } = await this.cdp.send("Page.navigate", { url });
    if (errorText) throw new Error(`not loaded: ${errorText}`);
    if (!early.some((event) => event.loaderId === loaderId)) {
      const finished = await new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), PAGE_TIMEOUT_MS);
        this.loaded = (event) => {
          if (event.loaderId !== loaderId) return;
          clearTimeout(timer);
          resolve(true);
        };
      });
      if (!finished) throw new Error("not loaded in time");
    }
    const { executionContextId } = await this.cdp.send("Page.createIsolatedWorld", { frameId: this.frame });
    const answer = await this.cdp.send("Runtime.evaluate", {
      expression: findLinks(this.attributes),
      contextId: executionContextId,
      returnByValue: true,
    });
    if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
  }

  close() {
    return this.page.close().catch(() => {});
  }
}

class Browser {
  static async launch(executablePath) {
    const self = new Browser();
    self.browser = await chromium.launch({
      executablePath,
      args: ["--disable-gpu", "--blink-settings=imagesEnabled=false"],
    });
    self.context = await self.browser.newContext({ javaScriptEnabled: false, acceptDownloads: false });
    return self;
  }

  version() {
    return this.browser.version();
  }

  // attributes: the names, as --attrs has them, of those whose links it finds.
  openTab(attributes) {
    return Tab.open(this.context, attributes);
  }

  close() {
    return this.browser.close();
  }
}

module.exports = { Browser };
