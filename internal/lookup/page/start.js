// ---- The list of all tables, and the start.

// show says how the page is doing: of the board, or without one of the server.
function show(state, text) {
  byId("days").classList.toggle("stale", state !== "live");
  const badge = byId("state");
  if (badge.textContent === text && badge.dataset.state === state) return; // announce a change only
  badge.dataset.state = state;
  badge.textContent = text;
}

function listTables(tables) {
  byId("tables").replaceChildren(...tables.map(tableItem));
  byId("others").hidden = tables.length === 0;
}

function tableItem(table) {
  const path = "/v1/tables/" + encodeURIComponent(table.name);
  const item = document.createElement("li");
  item.append(link(path, table.name), link(path + "/watch", "changes"));
  item.append(paragraph(`${table.doc} Key: ${table.key}.${table.ready ? "" : " Still catching up."}`));
  return item;
}

function link(href, text) {
  const a = document.createElement("a");
  a.href = href;
  a.textContent = text;
  if (text === "changes") a.setAttribute("aria-label", "changes, as a stream of events");
  return a;
}

const again = retrying(start);

async function start() {
  try {
    const answer = await fetch("/v1/tables");
    if (!answer.ok) throw new Error(answer.statusText);
    const {tables} = await answer.json();
    listTables(tables);
    byId("board").hidden = !tables.some((table) => table.name === BOARD);
    if (!byId("board").hidden) watchBoard();
    else show("live", tables.length === 0 ? "nothing to follow" : "connected");
    listResults(tables);
  } catch {
    show("lost", "no answer from the server: trying again");
    again();
  }
}

start();
