"use strict";
// The links of other attributes than href, written from the HTML standard for the page's own script engine: which elements
// have them, and the URLs in their values. areq is held to this, and this to nothing of areq.

// Source text of a function that returns [{href, link}] of the document, for evaluation in a page. wanted: names as --attrs
// has them. resolve(value): the URL, null where it is none.
const FIND_ATTRIBUTES = `((wanted, resolve) => {
  const HTML = "http://www.w3.org/1999/xhtml";
  const XLINK = "http://www.w3.org/1999/xlink";
  const get = (element, name) => Element.prototype.getAttribute.call(element, name);
  const getter = (type, name) => Object.getOwnPropertyDescriptor(type.prototype, name).get;
  const localName = getter(Element, "localName");
  const namespace = getter(Element, "namespaceURI");
  const ELEMENTS = {
    src: "audio embed frame iframe img input script source track video",
    srcset: "img source",
    imagesrcset: "link",
    action: "form",
    formaction: "button input",
    poster: "video",
    data: "object",
    cite: "blockquote del ins q",
    longdesc: "frame iframe img",
    background: "body table tbody td tfoot th thead tr",
    manifest: "html",
    ping: "a area",
    icon: "command menuitem",
    codebase: "applet object",
  };

  // "Parse a srcset attribute".
  const candidates = (input) => {
    const found = [];
    const space = /[\\t\\n\\f\\r ]/;
    let at = 0;
    for (;;) {
      while (at < input.length && (space.test(input[at]) || input[at] === ",")) at++;
      if (at >= input.length) return found;
      let url = "";
      while (at < input.length && !space.test(input[at])) url += input[at++];
      const descriptors = [];
      if (url.endsWith(",")) {
        url = url.replace(/,+$/, "");
      } else {
        while (at < input.length && space.test(input[at])) at++;
        let current = "";
        let state = "in descriptor";
        const flush = () => {
          if (current) descriptors.push(current);
          current = "";
        };
        for (; ; at++) {
          const c = input[at];
          if (state === "in descriptor") {
            if (c === undefined) {
              flush();
              break;
            } else if (space.test(c)) {
              if (current) {
                flush();
                state = "after descriptor";
              }
            } else if (c === ",") {
              at++;
              flush();
              break;
            } else {
              current += c;
              if (c === "(") state = "in parens";
            }
          } else if (state === "in parens") {
            if (c === undefined) {
              descriptors.push(current);
              break;
            }
            current += c;
            if (c === ")") state = "in descriptor";
          } else if (c === undefined) {
            break;
          } else if (!space.test(c)) {
            state = "in descriptor";
            at--;
          }
        }
      }
      let wrong = false;
      let width;
      let density;
      let height;
      for (const descriptor of descriptors) {
        const number = descriptor.slice(0, -1);
        const integer = /^[0-9]+$/.test(number);
        const float = /^-?([0-9]+(\\.[0-9]+)?|\\.[0-9]+)([eE][-+]?[0-9]+)?$/.test(number);
        if (descriptor.endsWith("w") && integer) {
          wrong ||= width !== undefined || density !== undefined || Number(number) === 0;
          width = Number(number);
        } else if (descriptor.endsWith("x") && float) {
          wrong ||= width !== undefined || density !== undefined || height !== undefined || Number(number) < 0;
          density = Number(number);
        } else if (descriptor.endsWith("h") && integer) {
          wrong ||= height !== undefined || density !== undefined || Number(number) === 0;
          height = Number(number);
        } else {
          wrong = true;
        }
      }
      if (height !== undefined && width === undefined) wrong = true;
      if (!wrong) found.push(url);
    }
  };

  // "Shared declarative refresh steps", as far as the URL.
  const refreshUrl = (input) => {
    const time = /^[\\t\\n\\f\\r ]*(?:[0-9]+|(?=\\.))[0-9.]*/.exec(input);
    if (!time) return [];
    let rest = input.slice(time[0].length);
    if (!rest) return [];
    const separator = /^(?=[;,\\t\\n\\f\\r ])[\\t\\n\\f\\r ]*[;,]?[\\t\\n\\f\\r ]*/.exec(rest);
    if (!separator) return [];
    rest = rest.slice(separator[0].length);
    if (!rest) return [];
    rest = rest.replace(/^url[\\t\\n\\f\\r ]*=[\\t\\n\\f\\r ]*/i, "");
    const quote = rest[0];
    if (quote !== '"' && quote !== "'") return [rest];
    rest = rest.slice(1);
    return [rest.includes(quote) ? rest.slice(0, rest.indexOf(quote)) : rest];
  };

  const urls = (name, value) => {
    if (name === "srcset" || name === "imagesrcset") return candidates(value);
    if (name === "ping") return value.split(/[\\t\\n\\f\\r ]+/);
    return [value];
  };

  const links = [];
  const add = (values) => {
    for (const value of values) {
      if (/[^\\t\\n\\f\\r ]/.test(value)) links.push({ href: value, link: resolve(value) });
    }
  };
  const hasBase = Document.prototype.querySelector.call(document, "base");
  for (const element of Document.prototype.querySelectorAll.call(document, "*")) {
    const name = localName.call(element);
    if (namespace.call(element) !== HTML) {
      const value = Element.prototype.getAttributeNS.call(element, XLINK, "href");
      if (wanted.includes("xlink:href") && value !== null) links.push({ href: value, link: resolve(value) });
      continue;
    }
    const xlink = Element.prototype.getAttributeNS.call(element, XLINK, "href");
    if (wanted.includes("xlink:href") && xlink !== null) links.push({ href: xlink, link: resolve(xlink) });
    for (const [attribute, elements] of Object.entries(ELEMENTS)) {
      if (!wanted.includes(attribute) || !elements.split(" ").includes(name)) continue;
      const value = get(element, attribute);
      if (value !== null) add(urls(attribute, value));
    }
    const isRefresh = name === "meta" && /^refresh$/i.test(get(element, "http-equiv") ?? "");
    if (isRefresh && wanted.includes("refresh")) add(refreshUrl(get(element, "content") ?? ""));
    // The candidate that the browser itself has chosen; it does not choose anew when a base comes.
    if (name === "img" && wanted.includes("srcset") && wanted.includes("src") && !hasBase) {
      const chosen = getter(HTMLImageElement, "currentSrc").call(element);
      if (chosen) links.push({ href: chosen, link: chosen });
    }
  }
  return links;
})`;

const ALL =
  "href src srcset imagesrcset action formaction poster data cite longdesc background manifest ping icon codebase refresh xlink:href";

const attributesOf = (list) => (list === "all" ? ALL.split(" ") : list.split(","));

module.exports = { FIND_ATTRIBUTES, attributesOf };
