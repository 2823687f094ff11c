import type { ServerResponse } from 'node:http'
import type { AnswerHeaders } from '../outcome.ts'
import type { Answer } from '../signed-response.ts'

/**
 * Holds an answer back until all of it is there, so that it can be signed as it will be sent. Whoever writes it notices
 * nothing.
 *
 * @param sign tells what is to be set on it.
 */
export function holdAnswer(
  response: ServerResponse,
  sign: (answer: Answer) => AnswerHeaders,
): void {
  // oxlint-disable-next-line typescript/unbound-method -- put back where they were taken from
  const { writeHead, flushHeaders, write, end } = response
  const held: Buffer[] = []
  // A handler of errors must not begin another answer: it would be added to the one that was begun.
  const begin = (): void => {
    Object.defineProperty(response, 'headersSent', { value: true, configurable: true })
  }
  Object.assign(response, {
    writeHead: (status: number, ...given: readonly unknown[]) => {
      response.statusCode = status
      for (const each of given) setHead(response, each)
      begin()
      return response
    },
    flushHeaders: begin,
    write: (...given: readonly unknown[]) => {
      held.push(...chunkOf(given))
      begin()
      const written = given.find(isFunction)
      if (written !== undefined) queueMicrotask(() => written())
      return true
    },
    end: (...given: readonly unknown[]) => {
      held.push(...chunkOf(given))
      Object.assign(response, { writeHead, flushHeaders, write, end })
      Reflect.deleteProperty(response, 'headersSent')
      const body = Buffer.concat(held)
      const set = sign({ status: response.statusCode, body })
      for (const [name, value] of Object.entries(set)) response.setHeader(name, value)
      return response.end(body, given.find(isFunction))
    },
  })
}

/** What `write` and `end` were given to send. */
function chunkOf([chunk, encoding]: readonly unknown[]): readonly Buffer[] {
  if (chunk instanceof Uint8Array) return [Buffer.from(chunk)]
  if (chunk === undefined || chunk === null || isFunction(chunk)) return []
  if (typeof chunk !== 'string') throw new TypeError('an answer is made of text and bytes')
  const isNamed = typeof encoding === 'string' && Buffer.isEncoding(encoding)
  return [Buffer.from(chunk, isNamed ? encoding : 'utf8')]
}

/** What `writeHead` was given besides the status: a message, or headers in one of two forms. */
function setHead(response: ServerResponse, given: unknown): void {
  if (typeof given === 'string') {
    response.statusMessage = given
  } else if (Array.isArray(given)) {
    const lines = Array.from({ length: given.length / 2 }, (_, at) =>
      given.slice(2 * at, 2 * at + 2),
    )
    // What was set before is replaced, as Node does it; what stands twice in the list is sent twice.
    for (const [name] of lines) response.removeHeader(String(name))
    for (const [name, value] of lines) response.appendHeader(String(name), String(value))
  } else if (typeof given === 'object' && given !== null) {
    for (const [name, value] of Object.entries(given)) {
      if (value !== undefined) response.setHeader(name, value)
    }
  }
}

function isFunction(given: unknown): given is () => void {
  return typeof given === 'function'
}
