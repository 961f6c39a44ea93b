/**
 * Builds web/static/dist: our modules bundled (ES modules, shared chunks), the named third-party files and fonts copied,
 * and manifest.json with the SHA-256 of every file, so that an operator can publish what its pages run.
 */
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const SOURCE = join(ROOT, "web/static/src");
const DIST = join(ROOT, "web/static/dist");

const FONTS = "@expo-google-fonts";
/** path in node_modules → path in dist */
const COPIED = {
  "@tabler/core/dist/css/tabler.min.css": "vendor/tabler.min.css",
  "@tabler/core/dist/js/tabler.min.js": "vendor/tabler.min.js",
  "@tabler/icons-webfont/dist/tabler-icons.min.css": "vendor/tabler-icons.min.css",
  "@tabler/icons-webfont/dist/fonts/tabler-icons.woff2": "vendor/fonts/tabler-icons.woff2",
  "@tabler/icons-webfont/dist/fonts/tabler-icons.woff": "vendor/fonts/tabler-icons.woff",
  "@tabler/icons-webfont/dist/fonts/tabler-icons.ttf": "vendor/fonts/tabler-icons.ttf",
  "htmx.org/dist/htmx.min.js": "vendor/htmx.min.js",
  "socket.io-client/dist/socket.io.min.js": "vendor/socket.io.min.js",
  "echarts/dist/echarts.min.js": "vendor/echarts.min.js",
  // The reader of PDFs asks for these by their address: its worker, Chinese character maps, fonts that files may leave out.
  "pdfjs-dist/legacy/build/pdf.worker.min.mjs": "vendor/pdf/worker.js",
  "pdfjs-dist/cmaps": "vendor/pdf/cmaps",
  "pdfjs-dist/standard_fonts": "vendor/pdf/fonts",
  "pdfjs-dist/wasm": "vendor/pdf/wasm",
  "pdfjs-dist/iccs": "vendor/pdf/iccs",
  [`${FONTS}/noto-serif-sc/400Regular/NotoSerifSC_400Regular.ttf`]: "fonts/NotoSerifSC-Regular.ttf",
  [`${FONTS}/noto-serif-sc/700Bold/NotoSerifSC_700Bold.ttf`]: "fonts/NotoSerifSC-Bold.ttf",
  [`${FONTS}/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf`]: "fonts/NotoSansSC-Regular.ttf",
  [`${FONTS}/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf`]: "fonts/NotoSansSC-Bold.ttf",
};

/** Of the face for machines that have no Chinese one: its Chinese slices; Latin stays the machine's own. */
const chineseSlices = {
  name: "chinese-slices",
  setup: (bundling) =>
    bundling.onLoad({ filter: /noto-sans-sc\/index\.css$/ }, async ({ path }) => {
      const faces = (await readFile(path, "utf8")).split("/* ").filter((face) => face.startsWith("noto-sans-sc-["));
      if (!faces.length) throw new Error(`${path} names its slices otherwise`);
      return { loader: "css", contents: faces.map((face) => `/* ${face}`).join("") };
    }),
};

/** Entry points: src/*.js, src/*.css, src/pages/*.js, the crypto modules as one, and the workers. */
async function entries() {
  const found = [join(SOURCE, "crypto/index.js"), join(SOURCE, "crypto/hasher.js"), join(SOURCE, "bill/worker.js")];
  for (const folder of [SOURCE, join(SOURCE, "pages")]) {
    const names = await readdir(folder).catch((error) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    found.push(...names.filter((name) => /\.(js|css)$/.test(name)).map((name) => join(folder, name)));
  }
  return found;
}

/** @param {string} folder @returns {Promise<string[]>} files below it */
async function files(folder) {
  const listed = await readdir(folder, { withFileTypes: true, recursive: true });
  return listed.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
await build({
  entryPoints: await entries(),
  outbase: SOURCE,
  outdir: DIST,
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["chrome100", "firefox100", "safari15.4"],
  minify: true,
  sourcemap: "linked",
  legalComments: "eof",
  plugins: [chineseSlices],
  loader: { ".woff2": "file" },
  assetNames: "fonts/[name]-[hash]",
  // Pages reach copied files by their address; they are no modules.
  external: ["/static/*"],
  logLevel: "warning",
});
for (const [from, to] of Object.entries(COPIED)) {
  await mkdir(dirname(join(DIST, to)), { recursive: true });
  await cp(join(ROOT, "node_modules", from), join(DIST, to), { recursive: true });
}
const manifest = {};
for (const path of (await files(DIST)).sort()) {
  manifest[relative(DIST, path).replaceAll("\\", "/")] = createHash("sha256").update(await readFile(path)).digest("hex");
}
await writeFile(join(DIST, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
process.stdout.write(`web/static/dist: ${Object.keys(manifest).length} files\n`);
