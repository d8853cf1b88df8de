// What the page knows of requests: a stream of server-sent events keeps it current.
import {$} from "./dom.js";

export const store = {
  exchanges: [],          // summaries, oldest first
  flight: [],             // requests without a response yet
  findings: {state: "checking"},
  title: "API", boot: "",
  connected: false,
};
const LIMIT = 10_000;
const listeners = new Set();

/** `listener(change)` hears of "exchanges" (with what is new), "flight", "findings", "cleared", "restarted" and "connection". */
export const listen = listener => listeners.add(listener);
const tell = (change, data) => listeners.forEach(listener => listener(change, data));

export const summaryOf = number => {
  const at = store.exchanges.findIndex(exchange => exchange.number === number);
  return at < 0 ? undefined : store.exchanges[at];
};

let stream = null;

/** Follow the gateway as long as the page is seen: a browser has six connections to a host, for all its tabs. */
export function connect() {
  const follow = () => (document.hidden ? disconnect() : open());
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", follow);
  follow();
}

function disconnect() {
  stream?.close();
  stream = null;
}

function open() {
  if (stream) return;
  stream = new EventSource(`stream?last=${store.boot}-${store.exchanges.at(-1)?.number ?? 0}`);
  const on = (name, action) => stream.addEventListener(name, event => action(JSON.parse(event.data)));
  stream.onopen = () => connection(true);
  stream.onerror = () => connection(false);
  on("hello", hello => {
    const restarted = store.boot && store.boot !== hello.boot;
    Object.assign(store, hello);
    document.title = `${hello.title} – console`;
    $("title").textContent = hello.title;
    if (restarted) { store.exchanges = []; store.flight = []; tell("restarted"); }
  });
  on("exchanges", added => {
    const last = store.exchanges.at(-1)?.number ?? 0;
    store.exchanges = [...store.exchanges, ...added.filter(exchange => exchange.number > last)].slice(-LIMIT);
    tell("exchanges", added);
  });
  on("flight", flight => { store.flight = flight; tell("flight"); });
  on("findings", findings => { store.findings = findings; tell("findings"); });
  on("cleared", number => {
    const left = store.exchanges.filter(exchange => exchange.number > number);
    if (left.length === store.exchanges.length) return;  // before this page knew of any
    store.exchanges = left;
    tell("cleared");
  });
}

function connection(connected) {
  store.connected = connected;
  $("live").textContent = connected ? "live" : "no connection";
  $("live").className = connected ? "on" : "";
  $("gone").hidden = connected;
  if (!connected) { store.flight = []; tell("flight"); }
  tell("connection");
}
