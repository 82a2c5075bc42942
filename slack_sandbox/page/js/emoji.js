// Short names for emoji, as Slack writes them. Those that tell a state are drawn by us (page/emoji/*.svg), so that
// they look alike on every machine, also one without an emoji font; the text stays the character itself.

import { h } from "./dom.js";

const DRAWN = {
  white_check_mark: "✅",
  heavy_check_mark: "✔️",
  x: "❌",
  hourglass_flowing_sand: "⏳",
  hourglass: "⌛",
  warning: "⚠️",
  rotating_light: "🚨",
  double_vertical_bar: "⏸️",
  arrow_forward: "▶️",
  fast_forward: "⏩",
  black_square_for_stop: "⏹️",
  lock: "🔒",
  unlock: "🔓",
  no_entry: "⛔",
  no_entry_sign: "🚫",
  memo: "📝",
  question: "❓",
  bell: "🔔",
  large_green_circle: "🟢",
  red_circle: "🔴",
  large_yellow_circle: "🟡",
  large_orange_circle: "🟠",
  large_blue_circle: "🔵",
  white_circle: "⚪",
  black_circle: "⚫",
  clock3: "🕒",
  arrows_counterclockwise: "🔄",
  information_source: "ℹ️",
  gear: "⚙️",
  closed_lock_with_key: "🔐",
  next_track_button: "⏭️",
  white_small_square: "▫️",
  clipboard: "📋",
  ice_cube: "🧊",
  link: "🔗",
  repeat: "🔁",
  file_cabinet: "🗄️",
};

const ALIASES = {
  pause_button: "double_vertical_bar",
  pencil: "memo",
  stop_button: "black_square_for_stop",
  heavy_multiplication_x: "x",
  red_question_mark: "question",
  large_red_circle: "red_circle",
};

const PLAIN = {
  tada: "🎉",
  eyes: "👀",
  "+1": "👍",
  thumbsup: "👍",
  "-1": "👎",
  thumbsdown: "👎",
  fire: "🔥",
  rocket: "🚀",
  wave: "👋",
  pray: "🙏",
  raised_hands: "🙌",
  clap: "👏",
  heart: "❤️",
  smile: "😄",
  slightly_smiling_face: "🙂",
  thinking_face: "🤔",
  ok_hand: "👌",
  muscle: "💪",
  point_right: "👉",
  bulb: "💡",
  bug: "🐛",
  hammer: "🔨",
  wrench: "🔧",
  hammer_and_wrench: "🛠️",
  package: "📦",
  mag: "🔍",
  key: "🔑",
  shield: "🛡️",
  book: "📖",
  books: "📚",
  calendar: "📆",
  date: "📅",
  hourglass_done: "⌛",
  stopwatch: "⏱️",
  alarm_clock: "⏰",
  zap: "⚡",
  boom: "💥",
  skull: "💀",
  robot_face: "🤖",
  ghost: "👻",
  construction: "🚧",
  octagonal_sign: "🛑",
  exclamation: "❗",
  grey_question: "❔",
  speech_balloon: "💬",
  mega: "📣",
  loudspeaker: "📢",
  email: "✉️",
  chart_with_upwards_trend: "📈",
  bar_chart: "📊",
  star: "⭐",
  sparkles: "✨",
  hundred: "💯",
  100: "💯",
  one: "1️⃣",
  two: "2️⃣",
  three: "3️⃣",
  arrow_right: "➡️",
  arrow_left: "⬅️",
  arrow_up: "⬆️",
  arrow_down: "⬇️",
  no_bell: "🔕",
  stop_sign: "🛑",
  snowflake: "❄️",
  ambulance: "🚑",
  fire_engine: "🚒",
  bust_in_silhouette: "👤",
  busts_in_silhouette: "👥",
  coffee: "☕",
  seedling: "🌱",
};

// The presentation selector behind a character is often left out, so characters are compared without it.
const SELECTOR = "\ufe0f";
const NAMES = new Map(Object.entries(DRAWN).map(([name, text]) => [text.replace(SELECTOR, ""), name]));

/** What we have drawn for the character at `at`: {node, end}, or null. The rest of the characters are left to fonts. */
export function drawnAt(text, at) {
  const character = String.fromCodePoint(text.codePointAt(at));
  const name = NAMES.get(character);
  if (!name) return null;
  const end = at + character.length;
  return { node: emoji(name), end: text[end] === SELECTOR ? end + 1 : end };
}

let custom = {};

/** The workspace's own emoji: {name: the address of a picture, or "alias:NAME"}. */
export const setCustomEmoji = (map) => (custom = map);

function customEmoji(name) {
  const address = Object.hasOwn(custom, name) ? custom[name] : "";
  if (address.startsWith("alias:") && address !== `alias:${name}`) return emoji(address.slice(6));
  if (!/^https?:|^\/static\//.test(address)) return null;
  return h("img", { class: "emoji custom", src: address, alt: name.replaceAll("_", " "), title: `:${name}:` });
}

/** The element for `:name:`, or null where the name is not known. */
export function emoji(name) {
  const known = ALIASES[name] ?? name;
  const character = DRAWN[known] ?? PLAIN[known];
  if (!character) return customEmoji(name);
  const node = h(
    "span",
    { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` },
    character,
  );
  if (DRAWN[known]) {
    node.classList.add("drawn");
    node.style.backgroundImage = `url("/static/emoji/${known}.svg")`;
  }
  return node;
}

/** The character for `:name:`, for places that hold text alone (an `<option>`); `:name:` where it is not known. */
export function emojiCharacter(name) {
  const known = ALIASES[name] ?? name;
  return DRAWN[known] ?? PLAIN[known] ?? `:${name}:`;
}
