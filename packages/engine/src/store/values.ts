/** Seconds since 1970, or a length of time in seconds. */
export type Seconds = number

/** So many rows of many, in an order that is the store's own, for who looks at all. */
export interface Page<Name = string> {
  /** What the last row that was seen is found by; empty: none was. */
  readonly after: Name
  readonly limit: number
}

/** The base64url SHA-256 of a secret, by which alone the secret is looked up; the secret itself is never kept. */
export type Digest = string
