// The emulated tables: their items, to read and to change.
import {$, ask, card, confirmed, el, guarded, toast} from "./dom.js";
import {parsed} from "./json.js";

let tables = [];

export async function show(name, index = "") {
  const [{queues}, known] = await Promise.all([ask("queues"), ask("tables")]);
  tables = known.tables;
  const table = tables.find(t => t.name === name) ?? tables[0];
  if (!table) return $("data").replaceChildren(el("h2", {tabIndex: -1}, "Data"), el("p", {className: "soft"}, "The template has no DynamoDB table."), queueList(queues));
  const page = await ask(`tables/${encodeURIComponent(table.name)}?index=${encodeURIComponent(index)}`);
  render(table, index, page, queues);
}

function render(table, index, page, queues) {
  const reload = () => show(table.name, index);
  const body = el("tbody");
  const columns = columnsOf(table, page.items);
  const add = items => body.append(...items.map(item => itemRow(table, columns, item, reload)));
  add(page.items);
  const next = el("button", {type: "button", hidden: !page.next, onclick: guarded(async () => {
    const following = await ask(`tables/${encodeURIComponent(table.name)}?index=${encodeURIComponent(index)}&start=${encodeURIComponent(page.next)}`);
    add(following.items);
    page.next = following.next;
    next.hidden = !page.next;
  })}, "More items");
  $("data").replaceChildren(
    el("h2", {tabIndex: -1}, "Data"),
    el("nav", {className: "tabs", "aria-label": "Tables"}, tables.map(t => el("a", {href: `#/data/${t.name}`, "aria-current": t === table ? "page" : null}, t.name, el("span", {className: "soft"}, ` ${t.count}`)))),
    el("div", {className: "actions"},
      table.indexes.length ? el("select", {"aria-label": "Table or index", onchange: guarded(event => show(table.name, event.target.value))},
        el("option", {value: ""}, `Table, by ${table.keys.join(" and ")}`),
        table.indexes.map(i => el("option", {value: i.name, selected: i.name === index}, `${i.name}, by ${i.keys.join(" and ")}: ${i.count} items`))) : el("span", {className: "soft"}, `by ${table.keys.join(" and ")}`),
      el("button", {type: "button", onclick: () => edit(table, template(table), reload, true)}, "New item"),
      el("button", {type: "button", onclick: guarded(async () => { toast((await ask("seed", {count: 10})).detail); await reload(); })}, "Seed 10"),
      el("button", {type: "button", onclick: guarded(reload)}, "Refresh"),
      el("button", {type: "button", className: "danger", onclick: guarded(async () => {
        if (!await confirmed(`Delete all ${table.count} items of ${table.name}?`, "Delete all")) return;
        toast((await ask(`tables/${encodeURIComponent(table.name)}/reset`, {})).detail);
        await reload();
      })}, "Delete all")),
    page.items.length ? el("div", {className: "wide", tabIndex: 0, role: "region", "aria-label": `Items of ${table.name}`},
      el("table", {className: "items"}, el("thead", {}, el("tr", {}, columns.map(c => el("th", {scope: "col"}, c)))), body)) : el("p", {className: "empty"}, "No items."),
    next, queueList(queues));
}

function queueList(queues) {
  if (!queues.length) return "";
  return card("Queues and topics", el("table", {className: "pairs"}, el("tbody", {}, queues.map(queue =>
    el("tr", {}, el("th", {scope: "row"}, queue.name), el("td", {}, `${queue.type}, ${queue.state}`))))));
}

const template = table => Object.fromEntries(table.keys.map(key => [key, {[table.types[key]]: ""}]));

/** The keys first, then what most items have. */
function columnsOf(table, items) {
  const counts = new Map();
  for (const item of items) for (const name of Object.keys(item)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const others = [...counts.keys()].filter(name => !table.keys.includes(name)).sort((a, b) => counts.get(b) - counts.get(a));
  return [...table.keys, ...others].slice(0, 8);
}

function itemRow(table, columns, item, reload) {
  const open = () => edit(table, item, reload, false);
  return el("tr", {onclick: open}, columns.map((name, at) => {
    const text = item[name] ? plain(item[name]) : "";
    return el("td", {className: text ? "" : "absent", title: text}, at === 0 ? el("button", {type: "button", className: "link", onclick: event => { event.stopPropagation(); open(); }}, text) : text);
  }));
}

/** A typed value as text: {"S": "x"} is x, a list or map is its JSON. */
function plain(typed) {
  const [[type, value]] = Object.entries(typed);
  if (type === "NULL") return "null";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function edit(table, item, reload, isNew) {
  const box = $("item");
  const area = box.querySelector("textarea"), remove = box.querySelector("button.danger"), key = keyOf(table, item);
  box.querySelector("h2").textContent = isNew ? `New item of ${table.name}` : Object.values(key).map(plain).join(" / ");
  area.value = JSON.stringify(item, null, 2);
  remove.hidden = isNew;
  const change = async (action, data) => {
    toast((await ask(`tables/${encodeURIComponent(table.name)}/${action}`, data)).detail);
    box.close();
    await reload();
  };
  remove.onclick = guarded(() => change("delete", {key}));
  box.querySelector("form").onsubmit = guarded(event => {
    event.preventDefault();
    const value = parsed(area.value);
    if (value === undefined) throw new Error("The item is not JSON");
    if (!isNew && JSON.stringify(keyOf(table, value)) !== JSON.stringify(key)) throw new Error(`The key (${table.keys.join(", ")}) cannot change: make a new item`);
    return change("put", {item: value});
  });
  box.showModal();
}

const keyOf = (table, item) => Object.fromEntries(table.keys.map(name => [name, item[name]]));
