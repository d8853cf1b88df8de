// One request with everything that became of it.
import {$, ask, bytes, card, confirmed, copyText, duration, el, fileLink, fold, guarded, linked, pairs, statusText, toast} from "./dom.js";
import {bodyView, pretty} from "./json.js";
import {sameBefore} from "./list.js";

const kept = new Map();     // details, by number
const origins = new Map();  // the request that each edited or replayed one was made from
export const origin = number => origins.get(number);
export const forget = () => { kept.clear(); origins.clear(); };

/** Everything about a request. */
export async function load(number) {
  if (!kept.has(number)) {
    kept.set(number, await ask(`requests/${number}`));
    if (kept.size > 50) kept.delete(kept.keys().next().value);
  }
  return kept.get(number);
}

/** Note that a request was made from another one, and go to it. */
export function made(number, from) {
  if (from) origins.set(number, from);
  location.hash = `#/r/${number}`;
}

export function show(exchange) {
  const family = Math.floor(exchange.status / 100);
  $("detail").replaceChildren(
    el("a", {className: "back", href: "#/requests"}, "‹ Requests"),
    el("h2", {tabIndex: -1}, statusText(exchange.status), ` ${exchange.method} ${exchange.url}`),
    el("p", {className: "facts"}, facts(exchange)),
    actions(exchange),
    ...[failure(exchange) ?? reason(exchange, family), mismatch(exchange)].filter(Boolean),
    el("div", {className: "cards"}, family === 5 ? [log(exchange), traceback(exchange)] : null, response(exchange), request(exchange),
      family === 5 ? null : log(exchange), time(exchange), calls(exchange), event(exchange)));
}

const facts = exchange => [exchange.operation ?? "no operation", exchange.function ?? exchange.integration,
  duration(exchange.ms), new Date(exchange.time).toLocaleTimeString(), `gateway validation: ${exchange.validation}`,
  exchange.caller ? `caller: ${exchange.caller}` : null].filter(Boolean).join("  ·  ");

// The reason of an error

function reason(exchange, family) {
  if (!exchange.reason) return null;
  return el("div", {className: `reason s${family}`}, el("p", {}, linked(exchange.reason, exchange.root)));
}

function mismatch(exchange) {
  if (!exchange.mismatches.length) return null;
  return el("div", {className: "reason breaks"}, el("strong", {}, "This response breaks the spec"),
    el("ul", {}, exchange.mismatches.map(text => el("li", {}, text))));
}

/** The exception, the lines of its source, the whole traceback. */
function failure(exchange) {
  if (!exchange.failure.length) return null;
  const raised = exchange.failure.at(-1), causes = exchange.failure.slice(0, -1);
  const frame = raised.frames.findLast(f => f.own) ?? raised.frames.at(-1);
  return el("section", {className: "failure", "aria-label": "Error"},
    el("h3", {}, raised.type, raised.message ? el("span", {}, `: ${raised.message}`) : null),
    frame ? el("p", {className: "place"}, fileLink(frame.file, frame.line, exchange.root), frame.function ? ` in ${frame.function}` : "") : null,
    frame?.source.length ? sourceLines(frame) : null,
    causes.reverse().map(cause => el("p", {className: "cause"}, "caused by ", el("b", {}, cause.type), `: ${cause.message} `, place(cause, exchange.root))));
}

function traceback(exchange) {
  if (!exchange.traceback) return null;
  return fold("Traceback", el("pre", {className: "traceback", tabIndex: 0, "aria-label": "Traceback"}, linked(exchange.traceback, exchange.root)),
    {copy: () => exchange.traceback, open: true});
}

function place(error, root) {
  const frame = error.frames.findLast(f => f.own) ?? error.frames.at(-1);
  return frame ? fileLink(frame.file, frame.line, root) : "";
}

const sourceLines = frame => el("pre", {className: "source", tabIndex: 0, "aria-label": "Source"}, frame.source.map(line =>
  el("span", {className: line.failed ? "failed" : ""}, el("span", {className: "number"}, String(line.number)), line.text || " ")));

// What can be done

function actions(exchange) {
  const before = origin(exchange.number) ?? sameBefore(exchange.number);
  const select = el("select", {id: "copyas", "aria-label": "Copy this request as", onchange: guarded(async () => {
    const form = select.value;
    select.value = "";
    await copyText(await ask(`requests/${exchange.number}/as/${form}`));
  })}, [["", "Copy as…"], ["curl", "curl"], ["httpie", "HTTPie"], ["python", "Python"]].map(([value, text]) => el("option", {value}, text)));
  return el("div", {className: "actions"},
    el("button", {type: "button", className: "main", onclick: guarded(() => replay(exchange))}, "Replay"),
    el("a", {className: "button", href: `#/send/${exchange.number}`}, "Edit and resend"),
    before ? el("a", {className: "button", href: `#/r/${before}/compare/${exchange.number}`}, `Compare with #${before}`) : null,
    select,
    exchange.event ? el("button", {type: "button", onclick: guarded(() => save(exchange))}, "Save event") : null);
}

export async function replay({number}) {
  const sent = await ask(`requests/${number}/replay`, {});
  toast(`Replayed: ${sent.status}`);
  made(sent.number, number);
}

export async function save({number}) {
  const {file} = await ask(`requests/${number}/save`, {});
  toast(`Saved as ${file}`);
}

export const copyCurl = async ({number}) => copyText(await ask(`requests/${number}/as/curl`));

// Messages

const inBody = exchange => exchange.faults.filter(fault => fault.in === "body");
const elsewhere = exchange => exchange.faults.filter(fault => fault.in !== "body");

const response = exchange => [card("Response", body(exchange, "response", []), {copy: text(exchange.response),
  extra: el("span", {className: "soft"}, bytes(exchange.response.size))}), headers("Response headers", exchange.response)];

function request(exchange) {
  const faults = elsewhere(exchange);
  const hasBody = exchange.request.size > 0 || inBody(exchange).length;
  if (!hasBody && !faults.length) return headers("Request headers", exchange.request);
  return [card("Request", [
    faults.length ? el("ul", {className: "faults"}, faults.map(f => el("li", {className: "fault"}, `${f.in} ${f.field}: ${f.detail}`))) : null,
    hasBody ? body(exchange, "request", inBody(exchange)) : null], {copy: exchange.request.size ? text(exchange.request) : null,
    extra: el("span", {className: "soft"}, bytes(exchange.request.size))}), headers("Request headers", exchange.request)];
}

const text = message => () => pretty(message.text ?? "");

function body(exchange, part, faults) {
  const message = exchange[part];
  const download = el("a", {href: `api/requests/${exchange.number}/${part}`, download: ""}, `download all ${bytes(message.size)}`);
  if (!message.size) return [el("p", {className: "soft"}, "no body"), faults.map(f => el("p", {className: "fault"}, f.detail))];
  if (message.text === null) return el("p", {className: "soft"}, `${bytes(message.size)}, not UTF-8: `, download);
  return [bodyView(message.text, faults), message.whole ? null : el("p", {className: "soft"}, "the beginning only: ", download)];
}

const headers = (title, message) => fold(title, pairs(message.headers), {copy: () => message.headers.map(h => h.join(": ")).join("\n")});

function event(exchange) {
  if (!exchange.event) return null;
  const json = () => JSON.stringify(exchange.event, null, 2);
  return fold("Lambda event", bodyView(json()), {copy: json});
}

// What the function did

function log(exchange) {
  if (!exchange.log.length) return null;
  return card("Log", el("table", {className: "log"}, el("tbody", {}, exchange.log.map(entry => el("tr", {},
    el("th", {scope: "row", className: `level ${entry.level}`}, entry.level),
    el("td", {}, entry.message, el("span", {className: "soft"}, Object.entries(entry.extra).map(([key, value]) =>
      `  ${key}=${typeof value === "object" ? JSON.stringify(value) : value}`)),
    entry.trace && entry.trace !== exchange.traceback ? el("pre", {}, linked(entry.trace, exchange.root)) : null))))),
  {copy: () => exchange.log.map(entry => `${entry.level} ${entry.message} ${JSON.stringify(entry.extra)}${entry.trace ? `\n${entry.trace}` : ""}`).join("\n")});
}

const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

function calls(exchange) {
  if (!exchange.calls.length) return null;
  const units = exchange.calls.reduce((sum, call) => sum + (call.units ?? 0), 0);
  return card("AWS calls", exchange.calls.map(call => el("details", {className: "call"},
    el("summary", {}, el("b", {}, call.name), call.error ? el("span", {className: "s4"}, ` ${call.error}`) : null,
      el("span", {className: "soft"}, ` ${call.units === null ? "" : `${counted(call.units, "unit")}  `}${duration(call.ms)}`)),
    el("h4", {}, "Request"), bodyView(call.request), el("h4", {}, "Response"), bodyView(call.response))),
  {extra: el("span", {className: "soft"}, `${counted(exchange.calls.length, "call")}, ${counted(units, "unit")}`)});
}

/** What took how long: each stage and call below the other, along one axis. */
function time(exchange) {
  const stages = exchange.spans.filter(([, start, end]) => end - start >= 0.05 || exchange.spans.length < 3);
  const rows = [["gateway", 0, exchange.ms, "all"],
    ...stages.map(([name, start, end]) => [label(name, exchange), start, end, name === "process start" ? "start" : name]),
    ...exchange.calls.filter(call => call.start !== undefined).map(call => [call.name, call.start, call.start + call.ms, "call"])];
  const whole = Math.max(exchange.ms, 0.1);
  return card("Time", el("table", {className: "time"}, el("tbody", {}, rows.map(([name, start, end, kind]) => {
    const bar = el("span", {className: `bar ${kind}`});
    bar.style.marginLeft = `${Math.min(99, (start / whole) * 100)}%`;
    bar.style.width = `${Math.max(0.6, ((Math.min(end, whole) - start) / whole) * 100)}%`;
    return el("tr", {}, el("th", {scope: "row"}, name), el("td", {}, bar), el("td", {className: "soft"}, duration(end - start)));
  }))));
}

const label = (name, exchange) => (name === "function" ? `function, ${exchange.cold ? "cold" : "warm"}` : name);

export async function clearAll() {
  if (await confirmed("Forget all requests that are shown? The data stays.", "Clear")) await ask("clear", {});
}
