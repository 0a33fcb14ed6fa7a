/**
 * A greeting for somebody.
 * @param {string} name
 * @returns {string}
 */
export function greeting(name) {
  return `Hello, ${name}!`;
}
