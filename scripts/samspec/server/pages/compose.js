// A request to send: new, from an example of the spec, or an earlier one with changes.
import {$, ask, el, guarded} from "./dom.js";
import {load, made} from "./detail.js";
import {pretty} from "./json.js";

const SKIPPED = ["host", "content-length", "connection", "transfer-encoding"];
const drafts = new Map();  // what was typed, by the request that it began with

/** The form, filled from request `number`, or empty for a new one. */
export async function show(number) {
  const {operations} = await ask("operations");
  const draft = drafts.get(number) ?? (number ? drawnFrom(await load(number)) : fromOperation(operations[0]));
  drafts.set(number, draft);
  render(number, draft, operations);
}

function drawnFrom(exchange) {
  const headers = exchange.request.headers.filter(([name]) => !SKIPPED.includes(name.toLowerCase()));
  return {method: exchange.method, url: exchange.url, headers: headers.map(pair => pair.join(": ")).join("\n"),
    body: pretty(exchange.request.text ?? ""), operation: exchange.operation,
    binary: exchange.request.text === null, cut: !exchange.request.whole};
}

function fromOperation(operation) {
  if (!operation) return {method: "GET", url: "/", headers: "", body: "", operation: ""};
  const given = operation.parameters.filter(p => p.required || p.in === "path");
  const value = parameter => encodeURIComponent(parameter.example ?? parameter.name);
  let url = operation.path;
  for (const parameter of given.filter(p => p.in === "path")) url = url.replace(`{${parameter.name}}`, value(parameter)).replace(`{${parameter.name}+}`, value(parameter));
  const query = given.filter(p => p.in === "query").map(p => `${encodeURIComponent(p.name)}=${value(p)}`).join("&");
  const [media, examples] = Object.entries(operation.bodies)[0] ?? [];
  const headers = given.filter(p => p.in === "header").map(p => `${p.name}: ${p.example ?? ""}`);
  if (media) headers.unshift(`Content-Type: ${media}`);
  return {method: operation.method, url: query ? `${url}?${query}` : url, headers: headers.join("\n"),
    body: examples?.length ? shown(examples[0].value) : "", operation: operation.id};
}

const shown = value => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

function render(number, draft, operations) {
  const keep = name => event => { draft[name] = event.target.value; };
  const field = (name, label, node) => el("label", {className: `field ${name}`}, el("span", {}, label), node);
  const headers = el("textarea", {value: draft.headers, rows: Math.min(8, draft.headers.split("\n").length + 1), spellcheck: false, oninput: keep("headers")});
  const body = el("textarea", {value: draft.body, rows: 12, spellcheck: false, oninput: keep("body")});
  const chosen = operations.find(operation => operation.id === draft.operation);
  const examples = Object.entries(chosen?.bodies ?? {}).flatMap(([media, list]) => list.map(example => [`${example.name} (${media})`, example.value]));
  const form = el("form", {className: "compose", onsubmit: guarded(event => { event.preventDefault(); return send(number, draft); })},
    field("operation", "Operation", el("select", {onchange: event => {
      drafts.set(number, fromOperation(operations.find(operation => operation.id === event.target.value)));
      render(number, drafts.get(number), operations);
    }}, chosen ? null : el("option", {value: "", selected: true}, "as below"),
    operations.map(operation => el("option", {value: operation.id, selected: operation === chosen}, operation.summary ? `${operation.id} – ${operation.summary}` : operation.id)))),
    el("div", {className: "line"},
      field("method", "Method", el("input", {value: draft.method, required: true, pattern: "[A-Za-z]+", list: "methods", oninput: keep("method")})),
      field("url", "Path and query", el("input", {value: draft.url, required: true, pattern: "/.*", title: "begins with /", spellcheck: false, oninput: keep("url")}))),
    field("headers", "Headers, one per line", headers),
    chosen?.parameters.length ? el("p", {className: "soft"}, "Parameters: ", chosen.parameters.map(p => `${p.name} (${p.in}${p.required ? ", required" : ""})`).join(", ")) : null,
    draft.binary || draft.cut ? el("p", {className: "soft"}, draft.binary ? "The body was not UTF-8, and is left out here: Replay sends it as it was." : "The body was too long to be edited, and is cut here: Replay sends all of it.") : null,
    field("body", "Body", body),
    el("div", {className: "actions"},
      el("button", {className: "main", type: "submit", title: "Ctrl+Enter"}, "Send"),
      examples.length ? el("select", {"aria-label": "Body from an example", onchange: event => {
        if (event.target.value === "") return;
        body.value = draft.body = shown(examples[Number(event.target.value)][1]);
      }}, el("option", {value: ""}, "Body from an example…"), examples.map(([name], index) => el("option", {value: String(index)}, name))) : null,
      el("button", {type: "button", onclick: () => { body.value = draft.body = pretty(draft.body); }}, "Format JSON"),
      el("button", {type: "button", onclick: guarded(async () => { headers.value = draft.headers = await withCredentials(draft.headers); })}, "Add local credentials"),
      el("a", {className: "button", href: number ? `#/r/${number}` : "#/requests"}, "Cancel")));
  form.addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
  $("detail").replaceChildren(el("a", {className: "back", href: "#/requests"}, "‹ Requests"),
    el("h2", {tabIndex: -1}, number ? `Edit and resend #${number}` : "New request"), form);
}

/** The headers with a token or key that the local gateway accepts. */
async function withCredentials(text) {
  const {headers: given} = await ask("credentials", {});
  if (!Object.keys(given).length) throw new Error("No operation of this project asks for credentials");
  const names = Object.keys(given).map(name => name.toLowerCase());
  const kept = text.split("\n").filter(line => line.trim() && !names.includes(line.split(":")[0].trim().toLowerCase()));
  return [...kept, ...Object.entries(given).map(pair => pair.join(": "))].join("\n");
}

function pairsOf(text) {
  return text.split("\n").filter(line => line.trim()).map(line => {
    const at = line.indexOf(":");
    if (at < 1) throw new Error(`Headers: ${JSON.stringify(line)} is not of the form Name: value`);
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
}

async function send(number, draft) {
  const sent = await ask("send", {method: draft.method.toUpperCase(), url: draft.url, headers: pairsOf(draft.headers), body: draft.body});
  made(sent.number, number);
}
