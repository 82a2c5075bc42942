// Slack's timestamps ("1763882000.000100": seconds since 1970) as people read them, in the browser's time zone.

const dateOf = (ts) => new Date(Number.parseFloat(ts) * 1000);

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const short = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const withYear = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});

export const clockTime = (ts) => clock.format(dateOf(ts));

/** "08:09": for the narrow column beside a message. */
export const shortTime = (ts) => short.format(dateOf(ts));

export const fullTime = (ts) => full.format(dateOf(ts));

export const dayKey = (ts) => dateOf(ts).toDateString();

/** "Today", "Yesterday" or "Monday, 3 March"; `now` is a Date. */
export function dayLabel(ts, now) {
  const day = dateOf(ts);
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (day.toDateString() === now.toDateString()) return "Today";
  if (day.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (day.getFullYear() === now.getFullYear() ? weekday : withYear).format(day);
}

const relative = (day, now, otherwise) => {
  const label = dayLabel(day.getTime() / 1000, now);
  return label === "Today" || label === "Yesterday" ? label : otherwise;
};

const style = (options) => (day) => new Intl.DateTimeFormat(undefined, options).format(day);

// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
const DATE_TOKENS = {
  date_num: (day) => day.toLocaleDateString("sv-SE"),
  date_slash: style({ day: "2-digit", month: "2-digit", year: "numeric" }),
  date: style({ day: "numeric", month: "long", year: "numeric" }),
  date_short: style({ day: "numeric", month: "short", year: "numeric" }),
  date_long: style({ weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date_pretty: (day, now) => relative(day, now, DATE_TOKENS.date(day)),
  date_short_pretty: (day, now) => relative(day, now, DATE_TOKENS.date_short(day)),
  date_long_pretty: (day, now) => relative(day, now, DATE_TOKENS.date_long(day)),
  time: style({ hour: "2-digit", minute: "2-digit" }),
  time_secs: style({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago: (day, now) => agoLabel(day, now),
};

function agoLabel(day, now) {
  const seconds = Math.round((day - now) / 1000);
  const units = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units[3];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

/** Fills "{date_short} at {time}"; tokens that are not known stay as they are. */
export function formatDateTokens(format, seconds, now) {
  const day = new Date(Number(seconds) * 1000);
  if (Number.isNaN(day.getTime())) return null;
  return format.replace(/\{(\w+)\}/g, (whole, token) => DATE_TOKENS[token]?.(day, now) ?? whole);
}
