// A crawl with simplecrawler, as its README calls it, but without its pauses; rows of source and link.
//
//	site.mjs SIMPLECRAWLER URL ROWS AT_ONCE, where SIMPLECRAWLER is the folder of the package
import { createWriteStream } from "node:fs";
import { createRequire } from "node:module";

const Crawler = createRequire(import.meta.url)(process.argv[2]);
const rows = createWriteStream(process.argv[4]);
const crawler = new Crawler(process.argv[3]);
crawler.interval = 0;
crawler.maxConcurrency = Number(process.argv[5]);
crawler.on("discoverycomplete", (page, links) => {
	rows.write(links.map((link) => `${page.url}\t${link}\n`).join(""));
});
crawler.on("complete", () => rows.end());
crawler.start();
