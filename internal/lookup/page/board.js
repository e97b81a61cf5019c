// ---- The board: sales per channel, by day.

const BOARD = "trade_channel_collect";
const CHANNELS = ["webShop", "appShop", "miniAppShop", "other"];
const DAYS_SHOWN = 14;

const money = new Intl.NumberFormat(undefined, {minimumFractionDigits: 2, maximumFractionDigits: 2});
const whole = new Intl.NumberFormat();
const percent = new Intl.NumberFormat(undefined, {style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1});
const short = new Intl.NumberFormat(undefined, {notation: "compact"});
const longDay = new Intl.DateTimeFormat(undefined, {weekday: "long", year: "numeric", month: "long", day: "numeric", timeZone: "UTC"});

let board = {rows: new Map()}; // what is followed
let dirty = new Set(); // keys that changed since the last drawing
let drawing = false;

function watchBoard() {
  board = follow(`/v1/tables/${BOARD}/watch`, {
    most: Infinity,
    read: channelOf,
    state: show,
    changed: (key) => {
      redraw(key);
      byId("moved").textContent = `Last change at ${new Date().toLocaleTimeString()}.`;
    },
    replaced: (before) => {
      redraw("");
      [...before.keys(), ...board.rows.keys()].forEach(redraw);
    },
  });
}

function channelOf(value) {
  const v = value ?? {};
  return {
    day: String(v.begin_time ?? ""),
    code: String(v.channel_code ?? ""),
    name: String(v.channel_name ?? v.channel_code ?? ""),
    gmv: Number(v.cur_gmv) || 0,
    payers: Number(v.cur_order_user_count) || 0,
    orders: Number(v.cur_order_count) || 0,
    last: String(v.last_pay_time ?? ""),
  };
}

function redraw(key) {
  dirty.add(key);
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(drawBoard); // many changes, one drawing
}

// One card per day, one row per channel; elements are kept.

const cards = new Map(); // day -> {section, sum, scale, body}
const lines = new Map(); // key -> {element, shown}

function drawBoard() {
  drawing = false;
  const rows = board.rows, keys = dirty;
  dirty = new Set();
  const days = newestDays();
  for (const [key, line] of lines) if (!rows.has(key) || !days.has(rows.get(key).day)) { line.element.remove(); lines.delete(key); }
  for (const [day, card] of cards) if (!days.has(day)) { card.section.remove(); cards.delete(day); }
  [...days].forEach(([day, keyed], i) => {
    const card = cards.get(day) ?? newCard(day);
    place(byId("days"), card.section, i);
    drawDay(card, keyed, keys);
  });
  byId("empty")?.remove();
  if (days.size === 0) say("No order has been paid yet: a row appears with the first one.");
}

// newestDays maps the days to show, newest first, to their keys in the order of the channels.
function newestDays() {
  const days = new Map();
  for (const [key, row] of board.rows) days.has(row.day) ? days.get(row.day).push(key) : days.set(row.day, [key]);
  const newest = [...days.keys()].sort().reverse().slice(0, DAYS_SHOWN);
  return new Map(newest.map((day) => [day, days.get(day).sort(byChannel)]));
}

function byChannel(a, b) {
  const rank = (key) => (CHANNELS.indexOf(board.rows.get(key).code) + CHANNELS.length + 1) % (CHANNELS.length + 1);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function newCard(day) {
  const section = copyOf("day-template");
  section.querySelector(".day").textContent = dayText(day);
  const card = {section, sum: section.querySelector(".sum"), scale: section.querySelector(".scale"), body: section.querySelector("tbody")};
  cards.set(day, card);
  return card;
}

function dayText(day) {
  const date = /^\d{4}-\d\d-\d\d/.exec(day);
  const time = date ? Date.parse(date[0] + "T00:00:00Z") : NaN;
  return Number.isNaN(time) ? day || "(no day)" : longDay.format(time);
}

function drawDay(card, keyed, dirtyKeys) {
  const all = keyed.map((key) => board.rows.get(key));
  const total = all.reduce((sum, row) => sum + row.gmv, 0);
  const scale = roundUp(Math.max(...all.map((row) => row.gmv)));
  card.sum.textContent = money.format(total);
  card.scale.textContent = "0 to " + short.format(scale);
  keyed.forEach((key, i) => {
    const line = lines.get(key) ?? newLine(key);
    place(card.body, line.element, i);
    drawLine(line, all[i], total, scale, dirtyKeys.has(key));
  });
}

// roundUp gives the bars a round end, so that they grow until it moves on.
function roundUp(n) {
  if (!(n > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 1.5, 2, 3, 4, 5, 7.5, 10].map((step) => step * power).find((end) => end >= n) ?? 10 * power;
}

function newLine(key) {
  const element = copyOf("channel-template");
  const tone = CHANNELS.indexOf(board.rows.get(key).code);
  if (tone >= 0) element.classList.add("tone" + tone);
  const line = {element, shown: null};
  lines.set(key, line);
  return line;
}

function drawLine(line, row, total, scale, moved) {
  const cell = (selector) => line.element.querySelector(selector);
  cell("th").textContent = row.name;
  cell(".fill").style.width = Math.max(0, 100 * row.gmv / scale) + "%";
  cell(".gmv span").textContent = money.format(row.gmv);
  cell(".share").textContent = total > 0 ? percent.format(row.gmv / total) : "";
  cell(".payers").textContent = whole.format(row.payers);
  cell(".orders").textContent = whole.format(row.orders);
  cell(".last").textContent = row.last.startsWith(row.day.slice(0, 10) + " ") ? row.last.slice(11) : row.last;
  if (moved && line.shown && differs(line.shown, row)) highlight(line, row.gmv - line.shown.gmv);
  line.shown = row;
}

const differs = (a, b) => a.gmv !== b.gmv || a.payers !== b.payers || a.orders !== b.orders || a.last !== b.last;

function highlight(line, delta) {
  const mark = line.element.querySelector(".gmv i");
  mark.className = delta < 0 ? "down" : "up";
  mark.textContent = delta === 0 ? "" : (delta < 0 ? "\u2212" : "+") + money.format(Math.abs(delta));
  flash(line.element);
}

function say(text) {
  const p = byId("empty") ?? document.createElement("p");
  p.id = "empty";
  p.className = "card note";
  p.textContent = text;
  byId("board").append(p);
}
