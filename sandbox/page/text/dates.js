// Times in the zone of the person that the page acts as, and Slack's date tokens.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting

import { h } from "../dom.js";

function formatter(options, tz) {
  try {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: tz || undefined });
  } catch (error) {
    if (error instanceof RangeError) return new Intl.DateTimeFormat("en-US", options); // a zone the browser lacks
    throw error;
  }
}

const LONG = { weekday: "long", year: "numeric", month: "long", day: "numeric" };
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** "14:05" for seconds since 1970. */
export function clock(seconds, tz) {
  return formatter(CLOCK, tz).format(new Date(seconds * 1000));
}

/** The exact moment in words, for hovering. */
export function exact(seconds, tz) {
  const options = { ...LONG, ...CLOCK, second: "2-digit", timeZoneName: "short" };
  return formatter(options, tz).format(new Date(seconds * 1000));
}

function isoDay(seconds, tz) {
  const parts = formatter({ year: "numeric", month: "2-digit", day: "2-digit" }, tz)
    .formatToParts(new Date(seconds * 1000))
    .reduce((found, part) => ({ ...found, [part.type]: part.value }), {});
  return `${parts.year}-${parts.month}-${parts.day}`;
}

function dayWord(seconds, tz) {
  const now = Date.now() / 1000;
  const day = isoDay(seconds, tz);
  if (day === isoDay(now, tz)) return "today";
  if (day === isoDay(now - 86400, tz)) return "yesterday";
  return day === isoDay(now + 86400, tz) ? "tomorrow" : null;
}

/** The heading of a day: "Today", "Yesterday", "Monday, November 23". */
export function dayHeading(seconds, tz) {
  const word = dayWord(seconds, tz);
  if (word) return word[0].toUpperCase() + word.slice(1);
  return formatter({ weekday: "long", month: "long", day: "numeric" }, tz).format(new Date(seconds * 1000));
}

/** "just now", "2 min ago", "3 h ago", "in 5 min". */
export function ago(seconds) {
  const passed = Date.now() / 1000 - seconds;
  const size = Math.abs(passed);
  if (size < 45) return "just now";
  const words =
    size < 3570
      ? `${Math.max(1, Math.round(size / 60))} min`
      : size < 84600
        ? `${Math.round(size / 3600)} h`
        : `${Math.round(size / 86400)} d`;
  return passed >= 0 ? `${words} ago` : `in ${words}`;
}

const TOKENS = {
  date_num: (at, tz) => isoDay(at, tz),
  date_slash: (at, tz) => isoDay(at, tz).replaceAll("-", "/"),
  date: (at, tz) => day(at, tz, { year: "numeric", month: "long", day: "numeric" }),
  date_long: (at, tz) => day(at, tz, LONG),
  date_long_full: (at, tz) => day(at, tz, { year: "numeric", month: "long", day: "numeric" }),
  date_short: (at, tz) => day(at, tz, { year: "numeric", month: "short", day: "numeric" }),
  date_pretty: (at, tz) => dayWord(at, tz) ?? TOKENS.date(at, tz),
  date_long_pretty: (at, tz) => dayWord(at, tz) ?? TOKENS.date_long(at, tz),
  date_short_pretty: (at, tz) => dayWord(at, tz) ?? TOKENS.date_short(at, tz),
  day_divider_pretty: (at, tz) => dayWord(at, tz) ?? TOKENS.date_long(at, tz),
  time: (at, tz) => clock(at, tz),
  time_secs: (at, tz) => formatter({ ...CLOCK, second: "2-digit" }, tz).format(new Date(at * 1000)),
  ago: (at) => ago(at),
};

function day(seconds, tz, options) {
  return formatter(options, tz).format(new Date(seconds * 1000));
}

function fillTokens(format, seconds, tz) {
  return format.replace(/\{(\w+)\}/g, (whole, name) =>
    Object.hasOwn(TOKENS, name) ? TOKENS[name](seconds, tz) : whole,
  );
}

/** A date as Slack formats it, with the exact moment on hover. Ages are kept fresh by `refreshAges`. */
export function slackDate(seconds, format, fallback, tz) {
  const at = Number(seconds);
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e12) return document.createTextNode(fallback ?? String(seconds));
  const text = fillTokens(format, at, tz);
  return h(
    "time",
    {
      datetime: new Date(at * 1000).toISOString(),
      title: exact(at, tz),
      "data-at": at,
      "data-format": format.includes("{ago}") ? format : null,
      "data-tz": tz ?? null,
    },
    text || (fallback ?? ""),
  );
}

/** Rewrites the ages on the page; called by a timer, no network. */
export function refreshAges() {
  for (const element of document.querySelectorAll("time[data-format]")) {
    element.textContent = fillTokens(element.dataset.format, Number(element.dataset.at), element.dataset.tz);
  }
}
