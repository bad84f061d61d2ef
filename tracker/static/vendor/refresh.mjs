// Copies the few files we serve, with their licences, out of node_modules.  Run by `npm run refresh`.
// The pointers to source maps are cut off: we do not serve the maps, and browsers with open tools would ask for them.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const FILES = {
  echarts: ["dist/echarts.min.js", "LICENSE", "NOTICE"],
  "htmx.org": ["dist/htmx.min.js", "LICENSE"],
  "@tabler/core": ["dist/css/tabler.min.css", "dist/js/tabler.min.js"], // its package has no LICENSE file, ours is written out
};

for (const [name, files] of Object.entries(FILES)) {
  const folder = name.replace(/^@/, "").replace("/", "-");
  mkdirSync(folder, { recursive: true });
  for (const file of files) {
    const text = readFileSync(`node_modules/${name}/${file}`, "utf8");
    writeFileSync(`${folder}/${file.split("/").pop()}`, text.replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*\n?$/, "\n"));
  }
  console.log(folder, JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
}
rmSync("node_modules", { recursive: true, force: true });
