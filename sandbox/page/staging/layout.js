// Where things stand on the map: rows from the callers at the top down to what they depend on. Pure.

export const BOX = { width: 136, height: 46 };
const GAP = { x: 24, y: 62 };
const MARGIN = 12;
const LANE = 9; // between two lines in one gap
const BADGE = 23;
const CLEAR = 9; // that a line keeps from a box that it passes
const PER_ROW = 3;

/** {width, height, nodes: [{name, title, address, x, y, known}], edges: [{link, curve, middle}]}. */
export function layout(services, links) {
  const rows = rowsOf(services, links);
  const widest = Math.max(PER_ROW, ...rows.map((row) => row.length));
  const width = widest * BOX.width + (widest - 1) * GAP.x + 2 * MARGIN;
  const places = new Map();
  rows.forEach((row, depth) => {
    const left = (width - row.length * BOX.width - (row.length - 1) * GAP.x) / 2;
    row.forEach((item, index) =>
      places.set(item.name, {
        ...item,
        x: left + index * (BOX.width + GAP.x),
        y: MARGIN + depth * (BOX.height + GAP.y),
      }),
    );
  });
  const height = rows.length * (BOX.height + GAP.y) - GAP.y + 2 * MARGIN;
  return { width, height: Math.max(height, BOX.height), nodes: [...places.values()], edges: edgesOf(links, places) };
}

function rowsOf(services, links) {
  const items = new Map(
    services.map(({ name, title, address }) => [
      name,
      { name, title: title ?? name, address: address ?? "", known: true },
    ]),
  );
  for (const link of links) {
    const [from, to] = (link.title ?? "").split(" → "); // the world's own words for both ends
    for (const [name, title] of [
      [link.source, from],
      [link.target, to],
    ]) {
      if (!items.has(name)) items.set(name, { name, title: capital(title || name), address: "", known: false });
    }
  }
  const depths = depthsOf([...items.keys()], links);
  const rows = [];
  const beside = [];
  for (const item of items.values()) {
    const caller = onlyCaller(item, links);
    if (caller) beside.push([item, caller]); // such as the name server: beside whom it serves
    else (rows[depths.get(item.name)] ??= []).push(item);
  }
  for (const [item, caller] of beside) {
    const row = rows[depths.get(caller)];
    row.splice(
      row.findIndex(({ name }) => name === caller),
      0,
      item,
    );
  }
  return ordered(rows.filter(Boolean), links).flatMap(split);
}

/** The one caller of something that is no service of ours and calls nobody; null for everything else. */
function onlyCaller(item, links) {
  if (item.known || links.some((link) => link.source === item.name)) return null;
  const callers = new Set(links.filter((link) => link.target === item.name).map((link) => link.source));
  return callers.size === 1 ? [...callers][0] : null;
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);

/** The longest way from any caller; a circle is cut where it closes. */
function depthsOf(names, links) {
  const depths = new Map();
  const visit = (name, path) => {
    if (depths.has(name)) return depths.get(name);
    const callers = links
      .filter((link) => link.target === name && link.source !== name && !path.has(link.source))
      .map((link) => link.source);
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
      const at = links
        .filter((link) => link.target === item.name && place.has(link.source))
        .map((link) => place.get(link.source));
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

/** Lines leave and arrive side by side, so that several to one box stay apart, and pass other boxes in the gaps. */
function edgesOf(links, places) {
  const level = (link) => places.get(link.source).y === places.get(link.target).y;
  const outOf = (name) =>
    links
      .filter((link) => link.source === name && !level(link))
      .sort((a, b) => places.get(a.target).x - places.get(b.target).x);
  const into = (name) =>
    links
      .filter((link) => link.target === name && !level(link))
      .sort((a, b) => places.get(a.source).x - places.get(b.source).x);
  const port = (place, index, count) => place.x + (BOX.width * (index + 1)) / (count + 1);
  const lanes = createLanes([...places.values()]);
  const edges = links.map((link) => {
    const [from, to] = [places.get(link.source), places.get(link.target)];
    if (level(link)) return { link, ...straight(from, to) };
    const [leaving, arriving] = [outOf(link.source), into(link.target)];
    const start = [port(from, leaving.indexOf(link), leaving.length), from.y + BOX.height];
    const end = [port(to, arriving.indexOf(link), arriving.length), to.y];
    return { link, ...curve([start, ...lanes(start, end), end], 0.4 + (leaving.indexOf(link) % 2) * 0.2) };
  });
  return spread(edges);
}

/** A level line between neighbours in one row. */
function straight(from, to) {
  const [left, right] = from.x < to.x ? [from, to] : [to, from];
  const y = left.y + BOX.height / 2;
  const ends = [left.x + BOX.width, right.x];
  return { curve: `M${ends[0]} ${y}L${ends[1]} ${y}`, middle: [(ends[0] + ends[1]) / 2, y] };
}

/** Moves badges sideways until none covers another. */
function spread(edges) {
  const placed = [];
  const crowded = ([x, y]) => placed.some(([x2, y2]) => Math.abs(x - x2) < BADGE && Math.abs(y - y2) < BADGE);
  for (const edge of edges) {
    while (crowded(edge.middle)) edge.middle = [edge.middle[0] + BADGE, edge.middle[1]];
    placed.push(edge.middle);
  }
  return edges;
}

/** Finds, for each row that a line passes, the nearest gap; each line in a gap gets a lane of its own. */
function createLanes(boxes) {
  const taken = new Map();
  return (start, end) => {
    const between = [...new Set(boxes.map((box) => box.y))]
      .filter((y) => y > start[1] && y < end[1])
      .sort((a, b) => a - b);
    return between.flatMap((y) => {
      const wish = start[0] + ((end[0] - start[0]) * (y + BOX.height / 2 - start[1])) / (end[1] - start[1]);
      const row = boxes
        .filter((box) => box.y === y)
        .map((box) => box.x)
        .sort((a, b) => a - b);
      const gaps = [row[0] - GAP.x / 2, ...row.map((x) => x + BOX.width + GAP.x / 2)];
      const gap = gaps.reduce((best, x) => (Math.abs(x - wish) < Math.abs(best - wish) ? x : best));
      const key = `${gap} ${y}`;
      const lane = taken.get(key) ?? 0;
      taken.set(key, lane + 1);
      const x = gap + (lane % 2 ? 1 : -1) * Math.ceil(lane / 2) * LANE;
      return [
        [x, y - CLEAR],
        [x, y + BOX.height + CLEAR],
      ];
    });
  };
}

/** A smooth way through the points, and the point at part `t` of its last stretch, where a badge may stand. */
function curve(points, t) {
  const path = points.slice(1).map(([x, y], index) => {
    const [x0, y0] = points[index];
    const bend = Math.abs(y - y0) / 2;
    return `C${x0.toFixed(1)} ${(y0 + bend).toFixed(1)} ${x.toFixed(1)} ${(y - bend).toFixed(1)} ${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const [[x1, y1], [x2, y2]] = points.slice(-2);
  const eased = t * t * (3 - 2 * t); // a cubic with upright ends moves sideways like this
  const height = 1.5 * t * (1 - t) ** 2 + 1.5 * t * t * (1 - t) + t ** 3;
  return {
    curve: `M${points[0][0].toFixed(1)} ${points[0][1].toFixed(1)}${path.join("")}`,
    middle: [x1 + (x2 - x1) * eased, y1 + (y2 - y1) * height],
  };
}
