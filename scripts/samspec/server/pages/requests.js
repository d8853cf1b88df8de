// The last requests, live: each answer comes as a server-sent event and becomes a line of the list.
const list = document.getElementById("list"), detail = document.getElementById("detail");
const filter = document.getElementById("filter"), live = document.getElementById("live");
const answers = new Map();
let chosen = null, following = true;  // the newest answer is shown until one is chosen by hand

function el(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

const status = answer => el("span", {className: `status s${Math.floor(answer.status / 100)}`}, String(answer.status));
const milliseconds = ms => (ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms} ms`);

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

function line(answer) {
  const item = el("li", {id: `r${answer.number}`, role: "option", onclick: () => { following = false; choose(answer.number); read(); }},
    status(answer), el("span", {className: "method"}, answer.method),
    el("span", {className: "path", title: answer.url}, answer.url),
    el("span", {className: "soft"}, milliseconds(answer.ms)));
  item.ariaSelected = "false";
  return item;
}

function matches(answer) {
  const words = filter.value.toLowerCase().split(/\s+/);
  const text = `${answer.method} ${answer.url} ${answer.status} ${answer.operation ?? ""} ${answer.reason}`.toLowerCase();
  return words.every(word => text.includes(word));
}

const visible = () => [...list.children].filter(item => !item.hidden);

function show() {
  for (const [number, answer] of answers) document.getElementById(`r${number}`).hidden = !matches(answer);
}

function choose(number) {
  for (const item of list.children) item.ariaSelected = String(item.id === `r${number}`);
  chosen = answers.get(number);
  list.setAttribute("aria-activedescendant", `r${number}`);
  document.getElementById(`r${number}`).scrollIntoView({block: "nearest"});
  describe(chosen);
}

function move(step) {
  const items = visible();
  const at = items.findIndex(item => item.ariaSelected === "true");
  const next = items[Math.min(items.length - 1, Math.max(0, at + step))];
  following = false;
  if (next) choose(Number(next.id.slice(1)));
}

function read() { document.body.classList.add("reading"); detail.focus(); detail.scrollTop = 0; }
function back() {
  following = true;
  document.body.classList.remove("reading");
  list.focus({focusVisible: false});
}

function table(rows, className = "") {
  return el("table", {className}, ...rows.map(cells => el("tr", {}, ...cells.map(cell =>
    cell instanceof Node ? cell : el("td", {}, cell)))));
}

function section(title, ...content) { return el("section", {}, el("h3", {}, title), ...content); }
function folded(title, ...content) { return el("details", {}, el("summary", {}, title), ...content); }
const number = text => el("td", {className: "number"}, text);

function calls(answer) {
  return table(answer.calls.map(call => [el("td", {className: "name"}, call.name), el("td", {className: "s4"}, call.error),
    number(call.units === null ? "– units" : `${call.units} unit${call.units === 1 ? "" : "s"}`), number(milliseconds(call.ms))]));
}

function log(answer) {
  return table(answer.log.map(entry => [el("td", {className: `name level ${entry.level}`}, entry.level),
    el("td", {}, entry.message, el("span", {className: "soft"},
      ...Object.entries(entry.extra).map(([key, value]) => `  ${key}=${value}`)),
      entry.trace ? el("pre", {}, entry.trace) : null)]));
}

function describe(answer) {
  const family = Math.floor(answer.status / 100);
  detail.replaceChildren(...[
    el("h2", {}, status(answer), ` ${answer.method} ${answer.url}`),
    el("p", {className: "facts"}, [answer.operation, answer.target, milliseconds(answer.ms),
      new Date(answer.time).toLocaleTimeString(), `gateway validation: ${answer.validation}`].filter(Boolean).join("  ·  ")),
    answer.reason ? el("p", {className: `reason s${family}`}, answer.reason) : null,
    ...answer.mismatches.map((mismatch) => el("p", {className: "reason s5"}, `Not as the spec says: ${mismatch}`)),
    el("div", {className: "actions"},
      el("button", {id: "back", onclick: back}, "‹ Requests"),
      el("button", {className: "main", onclick: replay}, "Replay"),
      el("button", {onclick: copy}, "Copy as curl"),
      answer.event ? el("button", {onclick: save}, "Save event") : null),
    answer.calls.length ? section("DynamoDB", calls(answer)) : null,
    answer.log.length ? section("Log", log(answer)) : null,
    section("Response", answer.response.body ? el("pre", {}, pretty(answer.response.body)) : el("p", {className: "soft"}, "no body")),
    folded("Response headers", table(answer.response.headers, "headers")),
    answer.body ? section("Request body", el("pre", {}, pretty(answer.body))) : null,
    folded("Request headers", table(answer.headers, "headers")),
    answer.event ? folded("Proxy event", el("pre", {}, JSON.stringify(answer.event, null, 2))) : null,
  ].filter(Boolean));
}

function curl(answer) {
  const quote = text => `'${text.replaceAll("'", "'\\''")}'`;
  const skipped = ["host", "content-length", "connection", "accept-encoding"];
  const headers = answer.headers.filter(([name]) => !skipped.includes(name.toLowerCase()) && !name.startsWith("Sec-"));
  return ["curl -i", answer.method === "GET" ? "" : `-X ${answer.method}`, quote(location.origin + answer.url),
    ...headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    answer.body ? `--data-raw ${quote(answer.body)}` : ""].filter(Boolean).join(" ");
}

async function act(action) {
  const response = await fetch(`requests/${chosen.number}/${action}`, {method: "POST", headers: {"X-Console": "1"}});
  return response.json();
}

async function replay() { const said = await act("replay"); toast(said.detail ?? `Replayed: ${said.status}`); }
async function save() { const said = await act("save"); toast(said.detail ?? `Saved as ${said.file}`); }

async function copy() {
  try { await navigator.clipboard.writeText(curl(chosen)); toast("Copied"); }
  catch { prompt("Copy the command", curl(chosen)); }
}

function toast(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.classList.add("on");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => toast.classList.remove("on"), 2500);
}

const keys = {
  ArrowDown: () => move(1), j: () => move(1), ArrowUp: () => move(-1), k: () => move(-1),
  Enter: read, Escape: back, r: () => chosen && replay(), c: () => chosen && copy(),
  s: () => chosen?.event && save(), "/": () => filter.focus(),
};

addEventListener("keydown", event => {
  const typing = event.target === filter || event.target.closest("button, summary, a");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === filter && ["Escape", "Enter"].includes(event.key)) return back();
  if (typing && !(event.key === "Escape")) return;
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});
filter.addEventListener("input", show);

const stream = new EventSource("stream");
stream.onopen = () => { live.textContent = "live"; live.className = "on"; };
stream.onerror = () => { live.textContent = "waiting for the gateway"; live.className = ""; };
stream.onmessage = event => {
  const answer = JSON.parse(event.data);
  if (answers.has(answer.number) || !answers.size) { answers.clear(); list.replaceChildren(); }
  answers.set(answer.number, answer);
  list.prepend(line(answer));
  if (answers.size > 200) { const [oldest] = answers.keys(); answers.delete(oldest); list.lastChild.remove(); }
  show();
  if (following && matches(answer)) choose(answer.number);
};
detail.append(el("p", {className: "empty"}, "No requests yet. Call the API, or ", el("a", {href: "docs"}, "try it here"), "."));
back();
