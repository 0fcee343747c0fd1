// Rows of source and link, with each link resolved and written as the WHATWG URL standard has it (Node's URL), each once.
// A link that is no URL there is marked, not dropped.
const rows = new Set();
for (const line of require("fs").readFileSync(0, "utf8").split("\n")) {
  if (!line) continue;
  const tab = line.indexOf("\t");
  const source = line.slice(0, tab);
  const link = line.slice(tab + 1);
  const url = URL.canParse(link, source) ? new URL(link, source).href : `NO URL ${link}`;
  rows.add(`${source}\t${url}`);
}
process.stdout.write([...rows].sort().map((row) => row + "\n").join(""));
