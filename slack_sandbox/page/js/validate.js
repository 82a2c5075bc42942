// What Slack's clients check before they submit a form. Pure; values are Slack's `state.values` entries.

/** {block_id: sentence} for the fields that cannot be sent like this; `fields` come from a block context. */
export function problemsOf(fields) {
  const problems = {};
  for (const { block, element, read } of fields) {
    const problem = block.type === "input" ? problemOf(block, element, read()) : null;
    if (problem) problems[block.block_id] = problem;
  }
  return problems;
}

function problemOf(block, element, value) {
  if (isEmpty(value)) return block.optional ? null : "Please complete this required field.";
  return CHECKS[element.type]?.(element, value.value) ?? null;
}

const isEmpty = (value) =>
  Object.values(value).every(
    (part) => part === null || part === undefined || part === "" || part.length === 0,
  );

const CHECKS = {
  plain_text_input: (element, text) =>
    text.length < (element.min_length ?? 0)
      ? `Please enter at least ${element.min_length} characters.`
      : null,
  number_input: numberProblem,
  email_text_input: (_element, text) =>
    /^\S+@\S+\.\S+$/.test(text) ? null : "Please enter an email address.",
  url_text_input: (_element, text) =>
    URL.canParse(text) ? null : "Please enter an address like https://example.com.",
};

function numberProblem(element, text) {
  const pattern = element.is_decimal_allowed ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(text))
    return element.is_decimal_allowed ? "Please enter a number." : "Please enter a whole number.";
  if (element.min_value !== undefined && Number(text) < Number(element.min_value))
    return `Please enter ${element.min_value} or more.`;
  if (element.max_value !== undefined && Number(text) > Number(element.max_value))
    return `Please enter ${element.max_value} or less.`;
  return null;
}
