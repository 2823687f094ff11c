/**
 * A JWE that was not decrypted. Its message is the same for every cause, since whoever may try and learns how far it
 * got, learns what is inside; the reason is for the operator, and holds nothing of the content.
 *
 * @see RFC 7516 §11.5
 */
export class Undecryptable extends Error {
  override readonly name = 'Undecryptable'
  readonly reason: string

  constructor(reason: string) {
    super('the encrypted JWT cannot be decrypted')
    this.reason = reason
  }
}
