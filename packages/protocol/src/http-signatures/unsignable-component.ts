/** A component that has no one value in a message, so that no signature can cover it. The text never holds a value. */
export class UnsignableComponent extends Error {
  override readonly name = 'UnsignableComponent'
}
