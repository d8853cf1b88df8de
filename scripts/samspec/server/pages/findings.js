// What samspec drift finds in the project, again after every edit.
import {$, el, fileLink} from "./dom.js";
import {store} from "./store.js";

/** The number next to the page's name, and the page if it is shown. */
export function news() {
  const {state, findings = []} = store.findings;
  const failed = state === "failed";
  $("found").hidden = !failed && !findings.length;
  $("found").textContent = failed ? "!" : String(findings.length);
  $("found").title = failed ? "The check failed" : `${findings.length} findings`;
  if (!$("findings").hidden) show();
}

export function show() {
  const {state, findings = [], notes = [], more = 0, error, root = ""} = store.findings;
  const failed = state === "failed";
  $("findings").replaceChildren(el("div", {},
    el("h2", {tabIndex: -1}, "Findings"),
    el("p", {className: "facts"}, failed ? "The check failed." : summary(state, findings, more)),
    failed ? el("div", {className: "failure"}, el("pre", {}, error)) : null,
    !failed && findings.length ? table(findings, root) : null,
    notes.map(note => el("p", {className: "soft"}, `Not checked: ${note}`))));
}

function summary(state, findings, more) {
  if (state === "checking") return findings.length ? "Checking again. These are from before the last edit." : "Checking.";
  if (!findings.length) return "Nothing differs: spec, template, functions and documents agree.";
  const errors = findings.filter(finding => finding.severity === "error").length;
  return `${errors} errors, ${findings.length - errors} warnings${more ? `, and ${more} more` : ""}.`;
}

const table = (findings, root) => el("div", {className: "wide", tabIndex: 0, role: "region", "aria-label": "List of findings"},
  el("table", {}, el("thead", {}, el("tr", {}, ["Place", "What differs", "How to fix it"].map(title => el("th", {scope: "col"}, title)))),
    el("tbody", {}, findings.map(finding => el("tr", {},
      el("td", {}, fileLink(`${root}/${finding.file}`, finding.line, root)),
      el("td", {}, finding.message, el("div", {className: "soft"}, `${finding.severity}: ${finding.rule}`)),
      el("td", {}, finding.fix))))));
