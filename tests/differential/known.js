"use strict";
// Why the links of a page may differ, by name. Each test recognises the pages in which that cause can have an effect; on real
// pages, even damaged ones, none was seen so far, but the pages of tests/browser/pages have all of them.

const has = (pattern) => ({ page }) => pattern.test(page);

module.exports = [
  // The standard now lets any element stand in a select, as Chromium 156 does. parse5 drops them, as it was before.
  { name: "content of select (parse5)", test: has(/<select/i) },
  // areq does not know which body holds nothing that matters, nor where a frameset has ended.
  { name: "frameset", test: has(/<frameset/i) },
  // areq does not know which HTML elements are open around an svg or math: it guesses from the name of an end tag.
  { name: "HTML end tag in svg or math", test: has(/<(svg|math)/i) },
  // parse5 lets an end tag close a table around the template in which it stands; Chromium does not.
  { name: "end tag in template (parse5)", test: has(/<template/i) },
  // Node resolves ">#" against a base with an opaque path, such as "mailto:x", which the URL standard refuses.
  { name: "base with an opaque path (Node)", test: has(/<base[^>]*href=["']?[a-z]+:[^\/]/i) },
];
