"use strict";

const byId = (id) => document.getElementById(id);

// copyOf is the one element of a template.
const copyOf = (id) => byId(id).content.firstElementChild.cloneNode(true);

// place leaves an element alone that is where it belongs: moving it would stop its animation.
function place(parent, element, i) {
  if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
}

// flash marks an element that has changed, and takes the mark off when the animation is over.
function flash(element) {
  element.classList.remove("changed");
  void element.offsetWidth; // starts the animation again
  element.classList.add("changed");
  clearTimeout(element.calm);
  element.calm = setTimeout(() => element.classList.remove("changed"), 2500);
}

// ---- The connection.

const FIRST_PAUSE = 1000; // ms until the next try, when the server has refused one
const LAST_PAUSE = 10000;

// retrying makes a function that calls what again, each time after a longer pause; with calm it begins anew.
function retrying(what) {
  let pause = FIRST_PAUSE, timer;
  const again = () => { timer = setTimeout(what, pause); pause = Math.min(2 * pause, LAST_PAUSE); };
  again.calm = () => { pause = FIRST_PAUSE; };
  again.stop = () => clearTimeout(timer);
  return again;
}

// follow keeps rows, key -> what on.read makes of the value, as a table has them, until it is stopped. On each
// connection the server sends all rows again; they replace ours only when they are complete. A page that nobody
// sees holds no connection: the browser has few, and other pages may want them. It tells
//
//   on.replaced(before)    all rows may be others now; before are those until now
//   on.changed(key)        a row was written or deleted
//   on.state(state, text)  wait, live, lost, or full: there are more rows than on.most, and it has given up
function follow(url, on) {
  const table = {rows: new Map(), stop};
  const again = retrying(connect);
  let source = null;

  function stop() {
    document.removeEventListener("visibilitychange", attend);
    disconnect();
  }

  function attend() {
    if (document.hidden) disconnect();
    else if (source === null) connect();
  }

  function disconnect() {
    again.stop();
    source?.close();
    source = null;
  }

  function connect() {
    let coming = null;
    source = new EventSource(url);
    source.onopen = () => { coming = new Map(); };
    source.addEventListener("row", (e) => {
      const {key, value} = JSON.parse(e.data);
      if (coming && coming.size >= on.most && !coming.has(key)) { stop(); on.state("full", ""); return; }
      (coming ?? table.rows).set(key, on.read(value));
      if (!coming) on.changed(key);
    });
    source.addEventListener("delete", (e) => {
      const {key} = JSON.parse(e.data);
      (coming ?? table.rows).delete(key);
      if (!coming) on.changed(key);
    });
    source.addEventListener("ready", () => {
      const before = table.rows;
      table.rows = coming;
      coming = null;
      again.calm();
      on.state("live", "live");
      on.replaced(before);
    });
    source.addEventListener("dropped", () => on.state("wait", "this page was too slow: connecting again"));
    source.addEventListener("failed", () => on.state("lost", "the table can't be read: connecting again"));
    source.onerror = () => {
      on.state("lost", "connection lost: connecting again");
      if (source.readyState === EventSource.CLOSED) again(); // else the browser tries by itself
    };
  }

  document.addEventListener("visibilitychange", attend);
  attend();
  return table;
}
