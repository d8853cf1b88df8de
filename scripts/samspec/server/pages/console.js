// The page: which part is shown (`#/r/12`), the keys, and what concerns all requests.
import {$, ask, el, guarded, toast} from "./dom.js";
import * as compare from "./compare.js";
import * as compose from "./compose.js";
import * as data from "./data.js";
import * as detail from "./detail.js";
import * as findings from "./findings.js";
import * as list from "./list.js";
import * as spec from "./spec.js";
import {connect, listen, store, summaryOf} from "./store.js";

const EMPTY = $("detail").firstElementChild;
let shownRoute = "";

const ROUTES = [
  [/^#\/r\/(\d+)$/, "requests", number => read(Number(number))],
  [/^#\/r\/(\d+)\/compare\/(\d+)$/, "requests", (left, right) => aside(() => compare.show(Number(left), Number(right)))],
  [/^#\/send$/, "requests", () => aside(() => compose.show(0))],
  [/^#\/send\/(\d+)$/, "requests", number => aside(() => compose.show(Number(number)))],
  [/^#\/data(?:\/(.+))?$/, "data", name => data.show(name && decodeURIComponent(name))],
  [/^#\/spec$/, "spec", () => spec.show()],
  [/^#\/findings$/, "findings", () => findings.show()],
  [/^/, "requests", () => document.body.classList.remove("reading")],
];

async function go() {
  const [pattern, part, show] = ROUTES.find(([pattern]) => pattern.test(location.hash));
  shownRoute = location.hash;
  for (const name of ["requests", "data", "spec", "findings"]) $(name).hidden = name !== part;
  for (const link of document.querySelectorAll("#top nav a")) {
    if (link.getAttribute("href") === `#/${part}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    await show(...(pattern.exec(location.hash) ?? []).slice(1));
  } catch (error) {
    rendered = 0;
    const retry = el("button", {type: "button", onclick: go}, "Try again");
    (part === "requests" ? $("detail") : $(part)).replaceChildren(el("div", {className: "empty", role: "alert"}, el("p", {}, error.message), retry));
    document.body.classList.toggle("reading", part === "requests");
  }
}

/** Show a request by its address: nothing moves until one goes on. */
async function read(number) {
  list.pause();
  list.include(number);
  list.mark(number);
  document.body.classList.add("reading");
  await render(number);
  $("detail").querySelector("h2")?.focus({preventScroll: true});
}

async function aside(show) {
  list.pause();
  document.body.classList.add("reading");
  rendered = 0;
  await show();
  $("detail").scrollTop = 0;
  $("detail").querySelector("h2")?.focus({preventScroll: true});
}

let rendered = 0;
async function render(number) {
  const exchange = await detail.load(number);
  const isOverdue = list.state.chosen !== number;  // another one has been chosen meanwhile
  if (isOverdue || rendered === number) return;
  $("detail").scrollTop = 0;
  rendered = number;
  detail.show(exchange);
}

list.start(guarded(async (number, byHand) => {
  if (byHand) { location.hash = `#/r/${number}`; return; }
  const isReading = location.hash.startsWith("#/r/");
  if (!list.state.following && !isReading) return;
  address(list.state.following ? "#/requests" : `#/r/${number}`);
  await render(number);
}));

/** Change the address without a step to go back to. */
function address(hash) {
  shownRoute = hash;
  if (location.hash !== hash) history.replaceState(null, "", hash);
}

// Whoever touches the page reads: what comes from now on waits.
for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) {
  addEventListener(kind, event => {
    if (event.target.closest?.("#news, #follow, #top")) return;
    if (["Control", "Shift", "Alt", "Meta", "Escape"].includes(event.key)) return;
    if (store.exchanges.length) list.pause();
  }, {passive: true, capture: true});
}

listen(change => {
  if (change === "restarted") { detail.forget(); rendered = 0; $("detail").replaceChildren(EMPTY); location.hash = "#/requests"; list.follow(); toast("The gateway has restarted"); }
  if (change === "cleared" && !store.exchanges.length) { detail.forget(); rendered = 0; $("detail").replaceChildren(EMPTY); location.hash = "#/requests"; list.follow(); }
  if (change === "exchanges" && !$("spec").hidden) spec.show().catch(() => {});
  if (change === "findings") findings.news();
});

// What concerns all requests

$("clear").addEventListener("click", guarded(detail.clearAll));
$("export").addEventListener("click", guarded(async () => {
  const numbers = list.shownNumbers();
  const query = numbers.length < store.exchanges.length ? `?numbers=${numbers.slice(0, 1000).join()}` : "";
  const archive = await ask(`requests.har${query}`);
  const url = URL.createObjectURL(new Blob([JSON.stringify(archive, null, 2)], {type: "application/json"}));
  el("a", {href: url, download: "requests.har"}).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  toast(`${archive.log.entries.length} requests exported, without their credentials`);
}));
$("import").addEventListener("click", () => $("har").click());
$("har").addEventListener("change", guarded(async event => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) offer(await file.text());
}));

function offer(text) {
  let entries;
  try { entries = JSON.parse(text).log.entries.map(entry => entry.request).filter(request => request.url); } catch { throw new Error("That file is not a HAR archive"); }
  const box = $("archive");
  box.querySelector("ul").replaceChildren(...entries.map((request, at) => el("li", {}, el("label", {},
    el("input", {type: "checkbox", checked: true, value: String(at)}), ` ${request.method} ${request.url}`))));
  box.querySelector("form").onsubmit = guarded(async submitted => {
    submitted.preventDefault();
    const chosen = [...box.querySelectorAll("input:checked")].map(input => entries[Number(input.value)]);
    box.close();
    for (const request of chosen) await replayEntry(request);
    toast(`${chosen.length} requests replayed`);
    list.follow();
  });
  box.showModal();
}

function replayEntry({method, url, headers, postData}) {
  const {pathname, search} = new URL(url, location.href);
  const sent = (headers ?? []).filter(h => !h.name.startsWith(":") && !/^(host|content-length|connection|transfer-encoding)$/i.test(h.name));
  return ask("send", {method, url: pathname + search, headers: sent.map(h => [h.name, h.value]), body: postData?.text ?? "", base64: postData?.encoding === "base64"});
}

for (const button of document.querySelectorAll("dialog .close")) button.addEventListener("click", () => button.closest("dialog").close());

// Keys

const chosen = () => summaryOf(list.state.chosen);
const withChosen = action => guarded(() => chosen() && action(chosen()));
const KEYS = {
  ArrowDown: () => list.move(1), j: () => list.move(1), ArrowUp: () => list.move(-1), k: () => list.move(-1),
  Enter: () => chosen() && (location.hash === `#/r/${chosen().number}` ? $("detail").querySelector("h2").focus() : (location.hash = `#/r/${chosen().number}`)),
  Escape: () => { if (location.hash.startsWith("#/r/") || location.hash.startsWith("#/send")) { location.hash = "#/requests"; $("list").focus({preventScroll: true}); } },
  r: withChosen(detail.replay), c: withChosen(detail.copyCurl), s: withChosen(detail.save),
  e: withChosen(({number}) => { location.hash = `#/send/${number}`; }),
  d: withChosen(({number}) => {
    const before = detail.origin(number) ?? list.sameBefore(number);
    if (!before) throw new Error("There is no earlier request of this operation to compare with");
    location.hash = `#/r/${before}/compare/${number}`;
  }),
  n: () => { location.hash = "#/send"; },
  p: () => (list.state.following ? list.pause() : list.follow()),
  "/": () => $("search").focus(),
};

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("requests").hidden || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input, textarea, select");
  if (typing && event.key === "Escape") return event.target.id === "search" ? $("list").focus() : event.target.blur();
  if (event.target.id === "search" && event.key === "Enter") return $("list").focus();
  if (typing || (["Enter", " "].includes(event.key) && event.target.closest("button, summary, a"))) return;
  if (["ArrowDown", "ArrowUp"].includes(event.key) && event.target.closest("#detail")) return;  // scrolls what is read
  if (KEYS[event.key]) { event.preventDefault(); KEYS[event.key](); }
});

addEventListener("hashchange", () => { if (location.hash !== shownRoute) go(); });
connect();
go();
