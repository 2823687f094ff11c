/** An HTTP request, as far as signatures look at it. */
export interface HttpRequest {
  readonly method: string
  /** Scheme, authority, path and query, as the client sent them. */
  readonly targetUri: string
  /** Names and values in turn, in the order of the wire, duplicates and all: `rawHeaders` of Node. */
  readonly headers: readonly string[]
}

/** An HTTP response with the request it answers, which its signature can cover too. */
export interface HttpResponse {
  readonly status: number
  readonly headers: readonly string[]
  readonly request: HttpRequest
}

export type HttpMessage = HttpRequest | HttpResponse

export function isResponse(message: HttpMessage): message is HttpResponse {
  return 'status' in message
}

/** Header fields that are to be set, by their names in lower case. */
export type FieldsToSet = Readonly<Record<string, string>>

/** The headers as they will be once these fields are set. */
export function withFields(headers: readonly string[], fields: FieldsToSet): readonly string[] {
  const kept = headers.filter((_, at) => {
    const name = headers[at - (at % 2)] ?? ''
    return !Object.hasOwn(fields, name.toLowerCase())
  })
  return [...kept, ...Object.entries(fields).flat()]
}
