/** pdf.js as this house uses it; a chunk of its own, fetched when a page has something to read. */
import { AnnotationMode, GlobalWorkerOptions, getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import { EventBus, FindState, LinkTarget, PDFFindController, PDFLinkService, PDFViewer } from "pdfjs-dist/legacy/web/pdf_viewer.mjs";
import { t } from "../pages/words.js";

export { Ranges } from "./ranges.js";
export { FindState };

const OWN = "/static/vendor/pdf";
GlobalWorkerOptions.workerSrc = `${OWN}/worker.js`;

/** pdf.js names its pages through this; nothing else of it speaks. */
const speech = {
  getLanguage: () => document.documentElement.lang,
  getDirection: () => "ltr",
  get: async () => "",
  translate: async () => undefined,
  translateOnce: async () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  destroy: async () => undefined,
};

/** A viewer in `container`, with what it tells and what finds in it. @param {HTMLDivElement} container */
export function viewerIn(container) {
  const eventBus = new EventBus();
  // A bid's own links lead within it; the evaluation network has no outside.
  const linkService = new PDFLinkService({ eventBus, externalLinkTarget: LinkTarget.BLANK });
  linkService.externalLinkEnabled = false;
  const findController = new PDFFindController({ eventBus, linkService });
  const viewer = new PDFViewer({ container, eventBus, linkService, findController, l10n: speech, annotationMode: AnnotationMode.ENABLE, annotationEditorMode: -1, removePageBorders: true, enableAutoLinking: false });
  linkService.setViewer(viewer);
  eventBus.on("pagesinit", () => {
    for (let number = 1; number <= viewer.pagesCount; number += 1) {
      const { div } = viewer.getPageView(number - 1);
      div.setAttribute("aria-label", t("Page %(n)s", { n: number }));
      div.setAttribute("role", "group"); // a thousand landmarks lead nowhere
    }
  });
  return { eventBus, linkService, findController, viewer };
}

/** The document behind a transport: nothing is fetched that is not looked at. @param {import("./ranges.js").Ranges} range */
export const documentOf = (range) =>
  getDocument({ range, disableAutoFetch: true, disableStream: true, rangeChunkSize: 1 << 15, cMapUrl: `${OWN}/cmaps/`, cMapPacked: true, standardFontDataUrl: `${OWN}/fonts/`, wasmUrl: `${OWN}/wasm/`, iccUrl: `${OWN}/iccs/`, isEvalSupported: false, enableXfa: false });
