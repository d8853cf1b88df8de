// Two exchanges side by side, with what differs.
import {$, card, el, statusText} from "./dom.js";
import {load} from "./detail.js";
import {pretty} from "./json.js";
import {store} from "./store.js";

const MOST = 3000;  // lines that are compared one by one

export async function show(left, right) {
  const [one, other] = await Promise.all([load(left), load(right)]);
  const choice = (number, change) => el("input", {type: "number", value: number, min: 1, "aria-label": "Number of the request", list: "numbers", onchange: event => change(event.target.value)});
  $("detail").replaceChildren(
    el("a", {className: "back", href: `#/r/${right}`}, `‹ #${right}`),
    el("h2", {tabIndex: -1}, "Compare"),
    el("div", {className: "sides"},
      el("p", {}, choice(left, number => { location.hash = `#/r/${number}/compare/${right}`; }), title(one)),
      el("p", {}, choice(right, number => { location.hash = `#/r/${left}/compare/${number}`; }), title(other))),
    el("datalist", {id: "numbers"}, store.exchanges.slice(-100).map(e => el("option", {value: e.number}, `${e.status} ${e.method} ${e.url}`))),
    card("Response", differences(`${one.status}\n${pretty(one.response.text ?? "")}`, `${other.status}\n${pretty(other.response.text ?? "")}`)),
    card("Response headers", differences(headers(one.response), headers(other.response))),
    card("Request", differences(whole(one), whole(other))));
}

const title = exchange => [el("a", {href: `#/r/${exchange.number}`}, `#${exchange.number}`), " ", statusText(exchange.status), ` ${exchange.method} ${exchange.url}`];
const headers = message => message.headers.map(pair => pair.join(": ")).join("\n");
const whole = exchange => `${exchange.method} ${exchange.url}\n${headers(exchange.request)}\n\n${pretty(exchange.request.text ?? "")}`;

function differences(left, right) {
  const rows = aligned(left.split("\n"), right.split("\n"));
  const same = rows.every(([a, b]) => a === b);
  const cell = (text, other) => el("td", {className: text === other ? "" : text === null ? "absent" : "differs"}, text ?? "");
  return [same ? el("p", {className: "soft"}, "the same") : null, el("table", {className: "differences", tabIndex: 0},
    el("caption", {className: "unseen"}, same ? "No differences" : "Lines that differ are marked"),
    el("tbody", {}, rows.map(([a, b]) => el("tr", {className: a === b ? "" : "changed"}, cell(a, b), cell(b, a)))))];
}

/** Pairs of lines: equal ones next to each other, null where one side has none (longest common subsequence). */
export function aligned(left, right) {
  let head = 0, tail = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head++;
  while (tail < left.length - head && tail < right.length - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  const middle = between(left.slice(head, left.length - tail), right.slice(head, right.length - tail));
  const both = lines => lines.map(line => [line, line]);
  return [...both(left.slice(0, head)), ...middle, ...both(tail ? left.slice(-tail) : [])];
}

function between(left, right) {
  if (left.length > MOST || right.length > MOST) return paired(left, right);
  const width = right.length + 1;
  const length = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      length[i * width + j] = left[i] === right[j] ? length[(i + 1) * width + j + 1] + 1
        : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  const rows = [];
  let i = 0, j = 0, fromI = 0, fromJ = 0;
  const flush = () => { rows.push(...paired(left.slice(fromI, i), right.slice(fromJ, j))); };
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) {
      flush();
      rows.push([left[i++], right[j++]]);
      [fromI, fromJ] = [i, j];
    } else if (length[(i + 1) * width + j] >= length[i * width + j + 1]) i++;
    else j++;
  }
  [i, j] = [left.length, right.length];
  flush();
  return rows;
}

const paired = (left, right) => Array.from({length: Math.max(left.length, right.length)}, (_, i) => [left[i] ?? null, right[i] ?? null]);
