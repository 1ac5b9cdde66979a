/**
 * Bad input or an impossible request. The message is one sentence for people to read, with the
 * remedy; every other error is a fault of the code.
 */
export class UserError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "UserError";
  }
}
