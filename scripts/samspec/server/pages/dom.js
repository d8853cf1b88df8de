// What every part of the page uses: elements, requests to the gateway, copying, messages.

export const $ = id => document.getElementById(id);

/** An element. `properties` are DOM properties where the element has them, else attributes; false and null are left out. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name in node && !["list", "form"].includes(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter(child => child || child === 0));
  return node;
}

/** What `api/PATH` gives; with `data` it is a POST. An Error says what went wrong. */
export async function ask(path, data) {
  const post = {method: "POST", headers: {"X-Console": "1", "Content-Type": "application/json"}, body: JSON.stringify(data)};
  let response;
  try {
    response = await fetch(`api/${path}`, data === undefined ? {} : post);
  } catch {
    throw new Error("The gateway does not respond: is it still running?");
  }
  const isJson = (response.headers.get("Content-Type") ?? "").startsWith("application/json");
  const value = isJson ? await response.json() : await response.text();
  if (!response.ok) throw new Error(value.detail ?? `The gateway responds with ${response.status}`);
  return value;
}

/** A function that runs `action` and shows its error, if it has one. */
export const guarded = action => async (...given) => {
  try { await action(...given); } catch (error) { toast(error.message, true); }
};

export function toast(text, isError = false) {
  const box = $(isError ? "error" : "toast");
  box.textContent = text;
  box.classList.add("on");
  clearTimeout(box.timer);
  box.timer = setTimeout(() => box.classList.remove("on"), isError ? 8000 : 3000);
}

/** Tell screen readers, in one line. */
export const announce = text => { $("announce").textContent = text; };

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    const box = $("copying");
    box.querySelector("textarea").value = text;
    box.showModal();
    box.querySelector("textarea").select();
  }
}

export const copyButton = (text, label) =>
  el("button", {className: "copy", type: "button", "aria-label": `Copy ${label}`, onclick: () => copyText(text())}, "Copy");

export function duration(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms >= 100 ? Math.round(ms) : ms.toFixed(1)} ms`;
}

export const bytes = size => (size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : size >= 1e3 ? `${(size / 1e3).toFixed(1)} kB` : `${size} bytes`);

export const statusText = status => el("span", {className: `status s${Math.floor(status / 100)}`}, String(status));

/** A card with a title, a copy button where `copy` gives its text, and content. */
export function card(title, content, {copy, extra, className = ""} = {}) {
  return el("section", {className: `card ${className}`},
    el("header", {}, el("h3", {}, title), extra, copy ? copyButton(copy, title) : null), content);
}

// Whether each fold is open, by its title: it stays so from one request to the next.
const folds = new Map();

export function fold(title, content, {copy, open = false} = {}) {
  return el("details", {className: "card", open: folds.get(title) ?? open, ontoggle: event => folds.set(title, event.target.open)},
    el("summary", {}, el("h3", {}, title)), copy ? copyButton(copy, title) : null, content);
}

export const pairs = rows => el("table", {className: "pairs"}, el("tbody", {}, rows.map(([name, value]) =>
  el("tr", {}, el("th", {scope: "row"}, name), el("td", {}, value)))));

/** A link that opens a file at a line in the editor. */
export const fileLink = (file, line, root) => el("a", {href: `vscode://file${encodeURI(file)}:${line}`, title: "Open in VS Code"},
  `${file.startsWith(root + "/") ? file.slice(root.length + 1) : file}:${line}`);

/** Text with its places (`/project/app.py:12`, `File "/project/app.py", line 12`) as links. */
export function linked(text, root) {
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(/File "([^"\n]+)", line (\d+)|(\/[^\s:'"]+\.\w+):(\d+)/g)) {
    const [whole, file, line, plainFile, plainLine] = match;
    parts.push(text.slice(last, match.index), fileLink(file ?? plainFile, line ?? plainLine, root));
    last = match.index + whole.length;
  }
  return [...parts, text.slice(last)];
}

/** A question before something is lost; resolves to whether to go on. */
export function confirmed(question, action) {
  const box = $("confirm");
  box.querySelector("p").textContent = question;
  box.querySelector("button[value=yes]").textContent = action;
  box.returnValue = "";
  box.showModal();
  return new Promise(resolve => box.addEventListener("close", () => resolve(box.returnValue === "yes"), {once: true}));
}
