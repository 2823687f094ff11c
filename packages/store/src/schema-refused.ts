/** A database cannot be used by this release, and was not touched. */
export class SchemaRefused extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SchemaRefused'
  }
}
