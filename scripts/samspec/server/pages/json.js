// JSON coloured and folding, with faults at their place.
import {el} from "./dom.js";

const AT_ONCE = 200;  // members of an object or array that are shown before "more" is asked for
const OPEN = 300;     // members in all up to which everything is open at first

/** The text as JSON data, or undefined. */
export function parsed(text) {
  try { return JSON.parse(text); } catch { return undefined; }
}

/** The text of a body as it reads best. */
export function pretty(text) {
  const value = parsed(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}

/** A body: JSON as a tree, anything else as it is. `faults` are `{field, detail}`. */
export function bodyView(text, faults = []) {
  const value = parsed(text);
  const isTree = value !== null && typeof value === "object";
  const notes = placed(value, faults);
  if (isTree) return el("div", {className: "json"}, tree(value, notes, "", count(value) <= OPEN));
  return el("div", {}, el("pre", {}, text), marks(notes.get("")));
}

const count = value => (value && typeof value === "object"
  ? Object.values(value).reduce((sum, part) => sum + count(part), 1) : 1);

/** The faults by the path of the deepest value that is there: what a missing property is said of is its object. */
function placed(value, faults) {
  const notes = new Map();
  for (const {field, detail} of faults) {
    const steps = String(field).split(/[.\/[\]]+/).filter(Boolean);
    const path = [];
    let at = value;
    while (steps.length && at && typeof at === "object" && Object.hasOwn(at, steps[0])) {
      at = at[steps[0]];
      path.push(steps.shift());
    }
    const key = path.map(step => `/${step}`).join("");
    notes.set(key, [...(notes.get(key) ?? []), steps.length ? `${steps.join(".")}: ${detail}` : detail]);
  }
  return notes;
}

const marks = notes => (notes ?? []).map(note => el("span", {className: "fault"}, note));

function tree(value, notes, path, open, key) {
  const label = key === undefined ? null : [el("span", {className: "key"}, JSON.stringify(key)), ": "];
  if (value === null || typeof value !== "object") {
    return el("div", {className: "leaf"}, label, leaf(value), marks(notes.get(path)));
  }
  const members = Object.entries(value), isList = Array.isArray(value);
  const [left, right] = isList ? "[]" : "{}";
  if (!members.length) return el("div", {className: "leaf"}, label, left + right, marks(notes.get(path)));
  const inner = el("div", {className: "members"});
  const hasFault = [...notes.keys()].some(place => place.startsWith(path + "/"));
  const node = el("details", {open: open || hasFault || path === ""},
    el("summary", {}, label, left, el("span", {className: "folded"},
      ` ${members.length} ${isList ? "items" : "properties"} ${right}`), marks(notes.get(path))),
    inner, el("div", {className: "leaf"}, right));
  const fill = () => {
    if (inner.childNodes.length) return;
    more(inner, members, 0, ([name, part]) => tree(part, notes, `${path}/${name}`, open, isList ? undefined : name));
  };
  if (node.open) fill();
  node.addEventListener("toggle", fill);
  return node;
}

function more(inner, members, start, render) {
  inner.append(...members.slice(start, start + AT_ONCE).map(render));
  const left = members.length - start - AT_ONCE;
  if (left <= 0) return;
  inner.append(el("button", {type: "button", onclick: event => {
    event.target.remove();
    more(inner, members, start + AT_ONCE, render);
  }}, `${left} more`));
}

function leaf(value) {
  const className = value === null ? "null" : typeof value;
  return el("span", {className}, JSON.stringify(value));
}
