// ---- The other results: a section for each, which is followed while it is open.

const MOST_OPEN = 3; // with the board four streams: a browser has six connections to a server
const MOST_ROWS = 20000; // held of one table
const phone = matchMedia("(max-width: 48rem)"); // as in the style
const rowsShown = () => (phone.matches ? 6 : 12);
const DRAW_EVERY = 400; // ms

// TITLES are in the order of the sections. A table that is not named here comes last, under its own name.
const TITLES = {
  campaign_budget: "Campaign budgets",
  coupon_ledger: "Coupons per buyer",
  tddl_output: "Spend per buyer and day",
  alerts: "Click alerts",
  adm_pfm_zy_order_gmv_msx_hs: "Premiums per hour",
  wechat_activity_user: "Premiums that have fallen",
  raw_info_updates: "What customers pay now",
  user_last_log: "Last page per account and device",
};

// EXTRAS are what some sections have above their rows: a function that makes it, and returns its drawing.
const EXTRAS = {campaign_budget: budgetBars, coupon_ledger: buyerField};

const opened = []; // sections, the one that was opened first comes first

function listResults(tables) {
  const rank = (name) => { const i = Object.keys(TITLES).indexOf(name); return i < 0 ? Infinity : i; };
  const results = tables.filter(isResult).map((table) => table.name);
  results.sort((a, b) => (rank(a) === rank(b) ? (a < b ? -1 : 1) : rank(a) - rank(b)));
  const sections = results.map(newSection);
  byId("sections").replaceChildren(...sections.map((section) => section.element));
  byId("results").hidden = sections.length === 0;
  const asked = decodeURIComponent(location.hash.slice(1)).split(",");
  const found = sections.filter((section) => asked.includes(section.name));
  for (const section of found.length > 0 ? found : sections.slice(0, 1)) section.element.open = true;
}

// isResult: a result is called like its topic, the state of a topology is not.
const isResult = (table) => table.name === table.topic && table.name !== BOARD;

function newSection(name) {
  const element = copyOf("section-template");
  const part = (selector) => element.querySelector(selector);
  const section = {
    name, element, part, prefix: "",
    table: null, // what is followed; null: it is closed
    columns: [], // fields in the order in which they were first seen, without those that only repeat the key
    numbers: new Set(), // those of them that hold numbers
    lines: new Map(), // key -> {element, cells}
    dirty: new Set(), // keys that changed since the last drawing
    timer: 0, filtering: 0,
  };
  const title = TITLES[name] ?? name;
  part("h3").textContent = title;
  part("code").textContent = name;
  part("caption").textContent = `${title}: the rows that changed last`;
  part(".scroll").setAttribute("aria-label", `${title}, rows`);
  section.drawExtra = EXTRAS[name]?.(part(".extra")) ?? (() => {});
  filterOf(section).addEventListener("input", () => filterSoon(section));
  element.addEventListener("toggle", () => (element.open ? openSection(section) : closeSection(section)));
  return section;
}

const filterOf = (section) => section.part(":scope > .tools input");

function filterSoon(section) {
  clearTimeout(section.filtering);
  section.filtering = setTimeout(() => {
    section.prefix = filterOf(section).value;
    if (section.table) { leave(section); enter(section); }
  }, 300);
}

function openSection(section) {
  if (section.table) return;
  opened.push(section);
  while (opened.length > MOST_OPEN) {
    const eldest = opened[0];
    eldest.element.open = false;
    closeSection(eldest);
  }
  enter(section);
  noteOpened();
}

function closeSection(section) {
  if (!section.table) return;
  opened.splice(opened.indexOf(section), 1);
  leave(section);
  badge(section, "", "");
  noteOpened();
}

// noteOpened puts the open sections into the address, so that it can be passed on.
function noteOpened() {
  history.replaceState(null, "", opened.length > 0 ? "#" + opened.map((section) => section.name).join(",") : location.pathname + location.search);
}

function enter(section) {
  const query = section.prefix ? "?prefix=" + encodeURIComponent(section.prefix) : "";
  badge(section, "wait", "connecting");
  section.table = follow(`/v1/tables/${encodeURIComponent(section.name)}/watch${query}`, {
    most: MOST_ROWS,
    read: (value) => value,
    state: (state, text) => {
      badge(section, state, text);
      if (state === "full") section.part(".count").textContent = `More than ${whole.format(MOST_ROWS)} rows: say how the key begins.`;
    },
    changed: (key) => moveToEnd(section, key),
    replaced: () => startOver(section),
  });
}

function leave(section) {
  section.table.stop();
  section.table = null;
  clearTimeout(section.timer);
  section.timer = 0;
  section.dirty.clear();
  forgetLines(section);
  section.part(".count").textContent = "";
}

function badge(section, state, text) {
  const element = section.part(".badge");
  section.element.classList.toggle("stale", state === "lost");
  if (element.textContent === text) return; // announce a change only
  if (byId("board").hidden && text) show(state, text); // then the page is as its sections are
  element.dataset.state = state;
  element.textContent = text;
}

// ---- Rows: a map keeps the order of insertion, so that what changed last is at its end.

function moveToEnd(section, key) {
  const rows = section.table.rows;
  if (rows.has(key)) {
    const value = rows.get(key);
    rows.delete(key);
    rows.set(key, value);
    learnColumns(section, key, value);
  }
  section.dirty.add(key);
  section.timer ||= setTimeout(() => drawSection(section), DRAW_EVERY);
}

function startOver(section) {
  const when = ([, value]) => String(value?.updated_at ?? value?.event_time ?? "");
  const sorted = [...section.table.rows].map((row) => ({row, at: when(row)})).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  section.table.rows = new Map(sorted.map(({row}) => row));
  section.table.rows.forEach((value, key) => learnColumns(section, key, value));
  drawSection(section);
}

// learnColumns notes the fields of a value; one that is no object has a single one without a name.
function learnColumns(section, key, value) {
  for (const [field, v] of Object.entries(fieldsOf(value))) {
    if (section.columns.includes(field) || textOf(v) === key) continue;
    section.columns.push(field);
    if (typeof v === "number") section.numbers.add(field);
    forgetLines(section);
  }
}

const fieldsOf = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {value});

function textOf(v) {
  if (v === null || v === undefined) return "\u2013";
  if (Array.isArray(v)) return v.length === 1 ? "1 entry" : `${v.length} entries`;
  if (typeof v === "object") return JSON.stringify(v);
  return String(v).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\S*$/, "$1 $2");
}

// ---- Drawing.

function forgetLines(section) {
  for (const line of section.lines.values()) line.element.remove();
  section.lines.clear();
}

function drawSection(section) {
  section.timer = 0;
  const {rows} = section.table, moved = section.dirty;
  section.dirty = new Set();
  const newest = [...rows.keys()].slice(-rowsShown()).reverse();
  const shown = new Set(newest);
  if (section.lines.size === 0) drawHead(section);
  for (const [key, line] of section.lines) if (!shown.has(key)) { line.element.remove(); section.lines.delete(key); }
  newest.forEach((key, i) => {
    const line = section.lines.get(key) ?? newRow(section, key);
    place(section.part("tbody"), line.element, i);
    drawRow(section, line, fieldsOf(rows.get(key)), moved.has(key));
  });
  section.part(".scroll").hidden = rows.size === 0;
  section.part(".count").textContent = countText(rows.size, newest.length);
  section.drawExtra(rows);
}

function countText(rows, shown) {
  if (rows === 0) return "No rows yet.";
  return rows > shown ? `${shown} of ${whole.format(rows)} rows` : rows === 1 ? "1 row" : `${rows} rows`;
}

function drawHead(section) {
  section.part("thead tr").replaceChildren(...["key", ...section.columns].map((field) => {
    const th = document.createElement("th");
    th.scope = "col";
    th.setAttribute("role", "columnheader");
    th.textContent = field;
    if (section.numbers.has(field)) th.className = "number";
    return th;
  }));
}

function newRow(section, key) {
  const element = document.createElement("tr");
  element.setAttribute("role", "row");
  const th = document.createElement("th");
  th.scope = "row";
  th.setAttribute("role", "rowheader");
  th.textContent = key;
  const cells = section.columns.map((field) => {
    const td = document.createElement("td");
    td.setAttribute("role", "cell");
    td.dataset.label = field;
    return td;
  });
  element.append(th, ...cells);
  const line = {element, cells, fresh: true};
  section.lines.set(key, line);
  return line;
}

// drawRow marks what has changed: cells of a row that was shown before, or else the whole row.
function drawRow(section, line, fields, moved) {
  section.columns.forEach((field, i) => {
    const td = line.cells[i], v = fields[field], text = textOf(v);
    if (td.textContent === text) return;
    td.textContent = text;
    td.className = typeof v === "number" ? "number" : text.length > 40 ? "long" : "";
    if (moved && !line.fresh) flash(td);
  });
  if (moved && line.fresh) flash(line.element);
  line.fresh = false;
}
