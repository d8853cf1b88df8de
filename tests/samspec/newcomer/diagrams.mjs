// Reads the Mermaid diagrams of the given files as GitHub does; fails where one has a mistake.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("<body></body>");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import("mermaid");

for (const file of process.argv.slice(2))
  for (const [, diagram] of readFileSync(file, "utf8").matchAll(/```mermaid\n(.*?)```/gs))
    console.log((await mermaid.parse(diagram)).diagramType);
