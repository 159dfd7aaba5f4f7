// Where things stand on the map: rows from the callers at the top down to what they depend on. Pure.

export const BOX = { width: 128, height: 44 };
const GAP = { x: 14, y: 54 };
const MARGIN = 10;
const PER_ROW = 3;

/** {width, height, nodes: [{name, title, address, x, y, known}], edges: [{link, curve, middle}]}. */
export function layout(services, links) {
  const rows = rowsOf(services, links);
  const widest = Math.max(PER_ROW, ...rows.map((row) => row.length));
  const width = widest * BOX.width + (widest - 1) * GAP.x + 2 * MARGIN;
  const places = new Map();
  rows.forEach((row, depth) => {
    const left = (width - row.length * BOX.width - (row.length - 1) * GAP.x) / 2;
    row.forEach((item, index) => places.set(item.name, { ...item, x: left + index * (BOX.width + GAP.x), y: MARGIN + depth * (BOX.height + GAP.y) }));
  });
  const height = rows.length * (BOX.height + GAP.y) - GAP.y + 2 * MARGIN;
  return { width, height: Math.max(height, BOX.height), nodes: [...places.values()], edges: edgesOf(links, places) };
}

function rowsOf(services, links) {
  const items = new Map(services.map(({ name, title, address }) => [name, { name, title: title ?? name, address: address ?? "", known: true }]));
  for (const name of links.flatMap((link) => [link.source, link.target])) {
    if (!items.has(name)) items.set(name, { name, title: name, address: "", known: false });
  }
  const depths = depthsOf([...items.keys()], links);
  const rows = [];
  for (const item of items.values()) (rows[depths.get(item.name)] ??= []).push(item);
  return ordered(rows.filter(Boolean), links).flatMap(split);
}

/** The longest way from any caller; a circle is cut where it closes. */
function depthsOf(names, links) {
  const depths = new Map();
  const visit = (name, path) => {
    if (depths.has(name)) return depths.get(name);
    const callers = links.filter((link) => link.target === name && link.source !== name && !path.has(link.source)).map((link) => link.source);
    const depth = callers.length ? 1 + Math.max(...callers.map((caller) => visit(caller, new Set(path).add(name)))) : 0;
    depths.set(name, depth);
    return depth;
  };
  names.forEach((name) => visit(name, new Set()));
  return depths;
}

/** Each row in the order of its callers' mean place, which keeps most lines from crossing. */
function ordered(rows, links) {
  const place = new Map();
  for (const row of rows) {
    const wish = (item) => {
      const at = links.filter((link) => link.target === item.name && place.has(link.source)).map((link) => place.get(link.source));
      return at.length ? at.reduce((sum, value) => sum + value, 0) / at.length : 0.5;
    };
    const wishes = new Map(row.map((item) => [item.name, wish(item)]));
    row.sort((a, b) => wishes.get(a.name) - wishes.get(b.name));
    row.forEach((item, index) => place.set(item.name, (index + 0.5) / row.length));
  }
  return rows;
}

function split(row) {
  const parts = Math.ceil(row.length / PER_ROW);
  const size = Math.ceil(row.length / parts);
  return Array.from({ length: parts }, (_, index) => row.slice(index * size, (index + 1) * size));
}

/** Lines leave and arrive side by side, so that several to one box stay apart. */
function edgesOf(links, places) {
  const outOf = (name) => links.filter((link) => link.source === name).sort((a, b) => places.get(a.target).x - places.get(b.target).x);
  const into = (name) => links.filter((link) => link.target === name).sort((a, b) => places.get(a.source).x - places.get(b.source).x);
  const port = (place, index, count) => place.x + (BOX.width * (index + 1)) / (count + 1);
  return links.map((link) => {
    const [from, to] = [places.get(link.source), places.get(link.target)];
    const [leaving, arriving] = [outOf(link.source), into(link.target)];
    const start = [port(from, leaving.indexOf(link), leaving.length), from.y + BOX.height];
    const end = [port(to, arriving.indexOf(link), arriving.length), to.y];
    return { link, ...curve(start, end, (leaving.indexOf(link) % 3) * 0.16 + 0.38) };
  });
}

/** A smooth way from start to end, and the point at part `t` of it where a badge may stand. */
function curve([x1, y1], [x2, y2], t) {
  const bend = Math.max(Math.abs(y2 - y1) / 2, 24);
  const [c1, c2] = [y1 + bend, y2 - bend];
  const u = 1 - t;
  const at = (p0, p1, p2, p3) => u ** 3 * p0 + 3 * u * u * t * p1 + 3 * u * t * t * p2 + t ** 3 * p3;
  const path = `M${x1.toFixed(1)} ${y1.toFixed(1)}C${x1.toFixed(1)} ${c1.toFixed(1)} ${x2.toFixed(1)} ${c2.toFixed(1)} ${x2.toFixed(1)} ${y2.toFixed(1)}`;
  return { curve: path, middle: [at(x1, x1, x2, x2).toFixed(1), at(y1, c1, c2, y2).toFixed(1)] };
}
