export {}

declare global {
  /** Named by the types of structured-headers; the library of types for browsers, which has it, has much else. */
  type BufferSource = ArrayBufferView | ArrayBuffer
}
