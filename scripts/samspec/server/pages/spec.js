// The spec at work: which operations, parameters and statuses have been seen since the start.
import {$, ask, el} from "./dom.js";

export async function show() {
  const {operations, unknown} = await ask("coverage");
  const statuses = operations.flatMap(o => o.statuses.filter(s => s.declared));
  const called = operations.filter(o => o.calls).length, seen = statuses.filter(s => s.calls).length;
  $("spec").replaceChildren(
    el("h2", {tabIndex: -1}, "Spec at work"),
    el("p", {className: "facts"}, `Since the start: ${called} of ${operations.length} operations called, ${seen} of ${statuses.length} documented statuses seen`,
      unknown ? `, ${unknown} requests for no operation` : "", "."),
    el("div", {className: "wide", tabIndex: 0, role: "region", "aria-label": "Coverage"}, el("table", {className: "coverage"},
      el("thead", {}, el("tr", {}, ["Operation", "Calls", "Statuses", "Parameters and bodies"].map(t => el("th", {scope: "col"}, t)))),
      el("tbody", {}, operations.map(row)))),
    el("p", {className: "soft legend"}, chip("seen", 3, true), " seen, with how often ", chip("never", 0, true), " never seen ", chip("beyond", 1, false), " seen, and not in the spec"));
}

const row = operation => el("tr", {className: operation.calls ? "" : "never"},
  el("th", {scope: "row"}, operation.operation, operation.operation.includes(" ") ? null : el("span", {className: "soft"}, `${operation.method} ${operation.path}`)),
  el("td", {className: "number"}, String(operation.calls), operation.mismatches ? el("span", {className: "breaks"}, `${operation.mismatches} break the spec`) : null),
  el("td", {}, operation.statuses.map(s => chip(s.name, s.calls, s.declared))),
  el("td", {}, operation.parameters.map(p => chip(`${p.name} (${p.in})`, p.calls, true)), operation.media_types.map(m => chip(m.name, m.calls, m.declared))));

const chip = (name, calls, declared) => el("span", {className: `chip ${!declared ? "beyond" : calls ? "seen" : "unseen-yet"}`,
  title: calls ? `${calls} times` : "never seen"}, name, calls ? el("b", {}, ` ${calls}`) : el("span", {className: "unseen"}, " never"));
