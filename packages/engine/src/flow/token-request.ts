import type { Confirmation, Form } from '@signet/protocol'
import type { Client } from '../clients/client.ts'

/** A token request whose client is known and whose sender holds a key; every grant begins with it. */
export interface TokenRequest {
  readonly form: Form
  readonly client: Client
  /** The key the sender has proved to hold: what the tokens will be bound to. */
  readonly confirmation: Confirmation
}

/** The resources a request names, each once (RFC 8707 §2: the one parameter that may be repeated). */
export function requestedResources(form: Form): readonly string[] {
  const resources = new Set<string>()
  for (const [name, value] of form) if (name === 'resource' && value !== '') resources.add(value)
  return [...resources]
}
