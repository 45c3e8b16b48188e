"use strict";
const refreshMs = 1000;
const byId = id => document.getElementById(id);

// Everything that comes from outside goes in as text: names are strangers' words.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function svg(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

const percent = share => `${(share * 100).toFixed(1)} %`;

function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60000);
  if (minutes < 60) return `${minutes} min ${Math.floor(ms / 1000) % 60} s`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor(minutes / 60) % 24} h`;
}

const stateClass = { closed: "good", half_open: "warn", open: "bad" };

// The pools.

function note(pool) {
  if (pool.upstream_breaker !== "closed") return "PostgreSQL cannot be had";
  if (pool.breaker !== "closed") return `breaker ${pool.breaker.replace("_", " ")}`;
  if (pool.disabled) return "disabled";
  if (pool.paused) return "paused";
  if (pool.waiting > 0) return `${pool.waiting} waiting`;
  return "";
}

function poolCard(pool, chosen) {
  const share = Math.min(pool.usage, 1);
  const level = pool.breaker === "open" ? "bar bad" : pool.usage > pool.warn_above ? "bar warn" : "bar";
  const isBad = pool.breaker === "open" || pool.upstream_breaker !== "closed";
  return element("a", { href: `#${encodeURIComponent(pool.name)}`, "aria-current": pool.name === chosen ? "true" : undefined },
    element("span", { class: "name" }, element("span", { title: pool.name }, pool.name),
      element("span", {}, `${pool.in_use}/${pool.effective_size}`)),
    element("div", { class: level }, element("i", { style: `width:${share * 100}%` }),
      element("b", { style: `left:${pool.warn_above * 100}%` })),
    element("div", { class: isBad ? "note bad" : "note" }, note(pool)));
}

function showPools(status, chosen) {
  byId("filter").hidden = status.pools.length < 9;
  const wanted = byId("filter").value.toLowerCase();
  const pools = status.pools.filter(pool => pool.name.toLowerCase().includes(wanted));
  pools.sort((a, b) => b.usage - a.usage || b.waiting - a.waiting || a.name.localeCompare(b.name));
  setText("pool-count", status.pools.length === 1 ? "" : `${status.pools.length}, the fullest first`);
  const focused = document.activeElement?.closest?.("#pools a")?.getAttribute("href");
  const scrolled = byId("pools").scrollTop;
  byId("pools").replaceChildren(...pools.map(pool => poolCard(pool, chosen)));
  byId("pools").scrollTop = scrolled;
  if (focused) [...byId("pools").children].find(card => card.getAttribute("href") === focused)?.focus({ preventScroll: true });
}

// One pool.

function pill(id, label, state) {
  setText(id, `${label} ${state.replace("_", " ")}`);
  byId(id).className = `pill ${stateClass[state] ?? ""}`;
}

function figure(label, value, kind = "") {
  return element("div", {}, element("dt", {}, label), element("dd", { class: kind }, value));
}

function showFigures(pool) {
  const lowered = pool.effective_size < pool.pool_size ? ` of ${pool.pool_size}` : "";
  byId("figures").replaceChildren(
    figure("in use now", `${pool.in_use} of ${pool.effective_size}`),
    figure("usage, mean", percent(pool.usage), pool.usage > pool.warn_above ? "bad" : ""),
    figure("servers allowed", `${pool.effective_size}${lowered}`, lowered ? "warn" : ""),
    figure("waiting", String(pool.waiting), pool.waiting > 0 ? "warn" : ""),
    figure("longest wait", duration(pool.longest_wait_ms)),
    figure("pinned", `${pool.pinned} of ${pool.max_pinned}`, pool.pinned >= pool.max_pinned && pool.pinned > 0 ? "warn" : ""),
    figure("clients", String(pool.clients)));
}

const serverKinds = [["active", "in a transaction"], ["pinned", "pinned"], ["tidying", "being tidied, checked or opened"],
                     ["idle", "idle"], ["absent", "not open"]];

// One square for each server there may be.
function showServers(pool) {
  const squares = [];
  for (const [kind] of serverKinds)
    for (let i = 0; i < (pool.squares[kind] ?? 0); ++i) squares.push(element("i", { class: kind }));
  byId("servers").replaceChildren(...squares);
  const counted = serverKinds.filter(([kind]) => pool.squares[kind] > 0);
  byId("servers").setAttribute("aria-label", counted.map(([kind, text]) => `${pool.squares[kind]} ${text}`).join(", "));
  byId("legend").replaceChildren(...serverKinds.flatMap(([kind, text]) =>
    [element("span", { class: `key ${kind}` }), `${pool.squares[kind] ?? 0} ${text}`]));
}

function showChart(pool) {
  const width = 600, height = 120, top = 6;
  const y = share => top + (height - top) * (1 - Math.min(share, 1));
  const step = width / (pool.history_length - 1);
  const points = pool.history.map((share, i) => `${(width - (pool.history.length - 1 - i) * step).toFixed(1)},${y(share).toFixed(1)}`);
  const parts = [svg("line", { class: "threshold", x1: 0, x2: width, y1: y(pool.warn_above), y2: y(pool.warn_above) })];
  if (points.length > 1) {
    const first = points[0].split(",")[0];
    parts.push(svg("polygon", { class: "area", points: `${first},${height} ${points.join(" ")} ${width},${height}` }));
    parts.push(svg("polyline", { class: "usage", points: points.join(" ") }));
  }
  byId("chart").replaceChildren(...parts);
  const most = Math.max(0, ...pool.history);
  const span = duration(pool.history_length * pool.history_step_ms);
  const mark = `${pool.breaker_enabled ? "the breaker's threshold" : "the warning's threshold, the breaker is off"} (${percent(pool.warn_above)})`;
  byId("chart").setAttribute("aria-label", `Usage over the last ${span}: now ${percent(pool.usage)}, at most ${percent(most)}`);
  setText("chart-caption", `Usage over the last ${span}, at most ${percent(most)}; dashed: ${mark}`);
}

// A table is its columns: heading, text of a row, class.
function showTable(id, columns, rows, nothing) {
  const head = element("tr", {}, ...columns.map(([title, , kind]) => element("th", { class: kind, scope: "col" }, title)));
  const body = rows.length === 0
    ? [element("tr", {}, element("td", { class: "none", colspan: columns.length }, nothing))]
    : rows.map(row => element("tr", {}, ...columns.map(([, text, kind]) => element("td", { class: kind }, String(text(row) ?? "")))));
  byId(id).replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
}

const holderColumns = [
  ["pid", row => row.backend_pid, "number"], ["for", row => row.transaction_age_ms ? duration(row.transaction_age_ms) : "", "number"],
  ["state", row => row.state], ["user", row => row.user], ["application", row => row.application_name], ["client", row => row.address],
  ["pinned by", row => row.pinned], ["statement", row => row.statement]];
const flowColumns = [
  ["flow", row => row.flow], ["waiting", row => row.waiting, "number"], ["has servers", row => row.servers, "number"],
  ["clients", row => row.clients, "number"], ["weight", row => row.weight, "number"]];
const refusalColumns = [["reason", row => row[0]], ["times", row => row[1], "number"]];
const eventColumns = [
  ["time", row => new Date(row.at_ms).toLocaleTimeString()], ["times", row => row.count, "number"],
  ["event", row => row.event], ["what", row => row.text, "long"]];

function showPool(pool) {
  setText("pool-name", pool.name);
  pill("breaker", "breaker", pool.breaker);
  pill("upstream", "upstream", pool.upstream_breaker);
  setText("reason", pool.words);
  showFigures(pool);
  showServers(pool);
  showChart(pool);
  showTable("holders", holderColumns, pool.holders.sort((a, b) => b.transaction_age_ms - a.transaction_age_ms), "nobody: no server is in use");
  showTable("flows", flowColumns, pool.flows.sort((a, b) => b.waiting - a.waiting || b.servers - a.servers), "nobody is connected");
  showTable("refusals", refusalColumns, Object.entries(pool.refusals).filter(([, times]) => times > 0), "nobody");
}

// The daemon.

function showDaemon(status) {
  setText("version", status.version);
  const parts = [`${status.clients} of ${status.max_client_conn} clients`, `up ${duration(status.uptime_ms)}`,
                 `configuration ${status.config_generation}`];
  if (status.draining) parts.push("draining: no new clients");
  setText("daemon", parts.join(" · "));
  const worst = status.pools.some(pool => pool.breaker === "open" || pool.upstream_breaker !== "closed");
  document.title = worst ? "(!) pgweir" : "pgweir";
  showTable("events", eventColumns, status.events, "none yet");
}

function showLink(text, isLost) {
  setText("link", text);
  byId("link").classList.toggle("lost", isLost);
}

let token = sessionStorage.getItem("pgweir-token") ?? "";

async function refresh() {
  const chosen = decodeURIComponent(location.hash.slice(1));
  const answer = await fetch(`status.json?pool=${encodeURIComponent(chosen)}`,
    { headers: token ? { Authorization: `Bearer ${token}` } : {}, cache: "no-store", signal: AbortSignal.timeout(5000) });
  byId("ask").hidden = answer.status !== 401;
  if (answer.status === 401) {
    document.querySelector("main").hidden = true;
    showLink("locked", false);
    return;
  }
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const status = await answer.json();
  document.querySelector("main").hidden = false;
  showDaemon(status);
  showPools(status, status.pool?.name);
  byId("pool").hidden = !status.pool;
  if (status.pool) showPool(status.pool);
  showLink("live", false);
}

let isRefreshing = false;

async function refreshOnce() {
  if (isRefreshing || document.hidden) return;
  isRefreshing = true;
  try {
    await refresh();
  } catch (problem) {
    showLink("no answer: figures are old", true);
  } finally {
    isRefreshing = false;
  }
}

byId("ask").addEventListener("submit", event => {
  event.preventDefault();
  token = byId("token").value;
  sessionStorage.setItem("pgweir-token", token);
  refreshOnce();
});
byId("filter").addEventListener("input", refreshOnce);
addEventListener("hashchange", refreshOnce);
document.addEventListener("visibilitychange", refreshOnce);
setInterval(refreshOnce, refreshMs);
refreshOnce();
