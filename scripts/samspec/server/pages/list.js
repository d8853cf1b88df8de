// The list of requests: filters, rows for what is in view only, following the newest until one reads.
import {$, announce, ask, duration, el, statusText} from "./dom.js";
import {listen, store} from "./store.js";

const EXTRA = 8;  // rows above and below the view
const list = $("list"), rows = $("rows");
let shown = [];         // the exchanges of the list, newest first
let matchingBodies = null;  // numbers that the gateway found the words in, beyond what the list says
let seen = 0;           // the number of the newest exchange in the list
export const state = {chosen: null, following: true};
let onChoose = () => {};

const families = () => new Set([...document.querySelectorAll("#families [aria-pressed=true]")].map(b => b.dataset.family));

function matches(exchange, words, wanted, operation) {
  if (wanted.size && !wanted.has(String(exchange.status)[0])) return false;
  if (operation && (exchange.operation ?? "none") !== operation) return false;
  exchange.text ??= `${exchange.method} ${exchange.url} ${exchange.status} ${exchange.operation ?? ""} ${exchange.reason}`.toLowerCase();
  return words.every(word => exchange.text.includes(word)) || (matchingBodies?.has(exchange.number) ?? false);
}

function filtered() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = families(), operation = $("operation").value;
  return store.exchanges.filter(exchange => exchange.number <= seen && matches(exchange, words, wanted, operation)).reverse();
}

/** Show what the filters let through. */
export function refresh() {
  shown = filtered();
  rows.style.height = `${shown.length * rowHeight()}px`;
  $("nothing").hidden = shown.length > 0 || !seen;
  draw();
  operations();
  tools();
}

function tools() {
  const waiting = store.exchanges.filter(exchange => exchange.number > seen).length;
  $("news").hidden = !waiting;
  $("news").textContent = `${waiting} new`;
  $("follow").setAttribute("aria-pressed", String(state.following));
  $("follow").textContent = state.following ? "Following" : "Follow";
  $("count").textContent = shown.length === store.exchanges.length ? `${shown.length}` : `${shown.length} of ${store.exchanges.length}`;
}

const rowHeight = () => parseFloat(getComputedStyle(list).getPropertyValue("--row"));

const drawn = new Map();  // the rows in view, by number: kept, so that a click meets the row that was pressed

function draw() {
  const height = rowHeight();
  const first = Math.max(0, Math.floor(list.scrollTop / height) - EXTRA);
  const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / height) + EXTRA);
  const inView = new Map(shown.slice(first, last).map((exchange, offset) => [exchange.number, [exchange, first + offset]]));
  for (const [number, node] of drawn) {
    if (!inView.has(number)) { node.remove(); drawn.delete(number); }
  }
  let next = rows.firstChild;
  for (const [number, [exchange, index]] of inView) {
    if (!drawn.has(number)) drawn.set(number, row(exchange));
    const node = drawn.get(number);
    node.style.top = `${index * height}px`;
    node.setAttribute("aria-selected", String(number === state.chosen));
    node.setAttribute("aria-setsize", shown.length);
    node.setAttribute("aria-posinset", index + 1);
    if (node === next) next = next.nextSibling;
    else rows.insertBefore(node, next);
  }
  if (drawn.has(state.chosen)) list.setAttribute("aria-activedescendant", `r${state.chosen}`);
  else list.removeAttribute("aria-activedescendant");
}

function row(exchange) {
  return el("div", {id: `r${exchange.number}`, className: "row", role: "option", "aria-selected": "false",
    title: exchange.reason || exchange.url, onclick: () => choose(exchange.number, true)},
    statusText(exchange.status), el("span", {className: "method"}, exchange.method),
    el("span", {className: "path"}, exchange.url, exchange.mismatches.length ? el("span", {className: "breaks"}, "breaks the spec") : null),
    el("span", {className: "soft"}, duration(exchange.ms)));
}

let known = "";
function operations() {
  const names = [...new Set(store.exchanges.map(exchange => exchange.operation ?? "none"))].sort();
  if (names.join() === known) return;
  known = names.join();
  const select = $("operation"), chosen = select.value;
  select.replaceChildren(el("option", {value: ""}, "All operations"),
    ...names.map(name => el("option", {value: name}, name === "none" ? "No operation" : name)));
  select.value = names.includes(chosen) ? chosen : "";
}

/** Let the newest be shown as they come. */
export function follow() {
  state.following = true;
  seen = store.exchanges.at(-1)?.number ?? 0;
  refresh();
  list.scrollTop = 0;
  draw();
  if (shown.length) choose(shown[0].number, false);
}

/** Somebody reads: nothing moves from now on. */
export function pause() {
  if (!state.following) return;
  state.following = false;
  tools();
}

/** Show that number too, although it came after the pause. */
export function include(number) {
  seen = Math.max(seen, Math.min(number, store.exchanges.at(-1)?.number ?? 0));
  refresh();
}

export function choose(number, byHand) {
  mark(number);
  onChoose(number, byHand);
}

/** Let the list show which request is read. */
export function mark(number) {
  state.chosen = number;
  const index = shown.findIndex(exchange => exchange.number === number);
  if (index >= 0) scrollTo(index);
  draw();
}

function scrollTo(index) {
  const height = rowHeight(), top = index * height;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + height > list.scrollTop + list.clientHeight) list.scrollTop = top + height - list.clientHeight;
}

/** The next request in the list, or the one before. */
export function move(step) {
  const at = shown.findIndex(exchange => exchange.number === state.chosen);
  const next = shown[Math.min(shown.length - 1, Math.max(0, at + step))];
  if (next) choose(next.number, false);
}

export const shownNumbers = () => shown.map(exchange => exchange.number);

/** The request before this one of the same operation, if there is one. */
export function sameBefore(number) {
  const own = store.exchanges.find(exchange => exchange.number === number);
  return store.exchanges.findLast(exchange => exchange.number < number && own && exchange.method === own.method
    && (exchange.operation ?? exchange.url) === (own.operation ?? own.url))?.number;
}

function flight() {
  $("flight").replaceChildren(...store.flight.map(request => el("li", {className: "row"},
    el("span", {className: "status spin", "aria-hidden": "true"}, "◌"), el("span", {className: "method"}, request.method),
    el("span", {className: "path", title: request.url}, request.url),
    el("span", {className: "soft"}, request.at_breakpoint ? "at a breakpoint " : "", duration(request.ms)))));
}

let searching;
async function searchBodies() {
  const words = $("search").value.trim();
  matchingBodies = null;
  if (words.length > 1) {
    try {
      const {numbers} = await ask(`search?q=${encodeURIComponent(words)}`);
      if ($("search").value.trim() !== words) return;
      matchingBodies = new Set(numbers);
    } catch { /* what the list itself says is searched all the same */ }
  }
  refresh();
}

export function start(chosen) {
  onChoose = chosen;
  list.addEventListener("scroll", draw);
  new ResizeObserver(refresh).observe(list);
  $("search").addEventListener("input", () => {
    matchingBodies = null;
    refresh();
    clearTimeout(searching);
    searching = setTimeout(searchBodies, 200);
  });
  $("operation").addEventListener("change", refresh);
  for (const button of document.querySelectorAll("#families button")) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      refresh();
    });
  }
  $("nothing").querySelector("button").addEventListener("click", clearFilters);
  $("news").addEventListener("click", follow);
  $("follow").addEventListener("click", () => (state.following ? pause() : follow()));
  listen((change, added) => {
    if (change === "flight") return flight();
    if (change === "cleared" || change === "restarted") seen = store.exchanges.at(-1)?.number ?? 0;
    if (change === "exchanges") arrived(added);
    refresh();
  });
}

function clearFilters() {
  $("search").value = "";
  $("operation").value = "";
  matchingBodies = null;
  for (const button of document.querySelectorAll("#families button")) button.setAttribute("aria-pressed", "false");
  refresh();
}

function arrived(added) {
  const newest = added.at(-1);
  announce(`${newest.status} ${newest.method} ${newest.url}`);
  if (state.following) return follow();
  if (added.length === store.exchanges.length) seen = newest.number;  // what there was when the page was opened
}
