import type { IncomingHttpHeaders } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { networks } from '../config/networks.ts'

/** What is known of the other end of a connection. */
interface Connected {
  readonly socket: Pick<Socket, 'remoteAddress'>
}

/** What stands before this server. Only its word about somebody else is believed. */
export interface TrustedProxies {
  /** Whether the other end of the connection is one of them. */
  readonly sent: (message: Connected) => boolean
  /** The address of whoever sent the request to the outermost of them; without proxies, of the connection. */
  readonly callerOf: (message: Connected & { readonly headers: IncomingHttpHeaders }) => string
}

/** @param trusted IP addresses and networks (CIDR) */
export function trustedProxies(trusted: readonly string[]): TrustedProxies {
  const isTrusted = networks(trusted)
  return {
    sent: ({ socket }) => isTrusted(socket.remoteAddress ?? ''),
    callerOf: ({ socket, headers }) => {
      let caller = socket.remoteAddress ?? ''
      // Each proxy has appended whom it heard the request from. What came from further away anybody can have written.
      const hops = isTrusted(caller) ? hopsIn(headers['x-forwarded-for']) : []
      for (const hop of hops.toReversed()) {
        if (isIP(hop) === 0 || !isTrusted(caller)) break
        caller = hop
      }
      return caller
    },
  }
}

function hopsIn(field: string | readonly string[] | undefined): readonly string[] {
  return String(field ?? '')
    .split(',')
    .map((hop) => withoutPort(hop.trim()))
}

/** Some proxies write the port too. */
function withoutPort(hop: string): string {
  const [, bracketed, plain] =
    /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(hop) ?? []
  return bracketed ?? plain ?? hop
}
