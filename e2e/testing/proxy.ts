import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CREDENTIAL } from './authority.ts'

/** A proxy of another house that ends TLS before a server, configured as docs/mtls.md says. */
export interface Proxy {
  stop(): Promise<void>
}

/** Where the proxy listens, and where it finds the listeners of the server, all on loopback. */
export interface ProxyPorts {
  readonly plain: number
  readonly mtls: number
  readonly server: number
  readonly serverMtls: number
}

/** How certificates are told: by which proxy, in which format. */
export type ProxyFormat = 'nginx-escaped-pem' | 'x-ssl-cert' | 'rfc9440'

const GUIDE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'mtls.md'), 'utf8')
const START_TIMEOUT_MILLISECONDS = 10_000

/** @param folder where the site has its certificates */
export async function startProxy(
  format: ProxyFormat,
  ports: ProxyPorts,
  folder: string,
): Promise<Proxy> {
  const file = join(folder, `${format}.conf`)
  const isNginx = format === 'nginx-escaped-pem'
  const text = isNginx ? nginxConfig(ports, folder) : haproxyConfig(format, ports, folder)
  writeFileSync(file, text)
  const [name, args] = isNginx
    ? ['nginx', ['-p', folder, '-e', 'stderr', '-c', file]]
    : ['haproxy', ['-db', '-f', file]]
  const child = spawn(find(name), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  }
  process.once('exit', () => child.kill('SIGKILL'))
  await listening(child, [ports.plain, ports.mtls], () => output)
  return {
    stop: async () => {
      if (child.exitCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** Everything around the part of the guide that a process in the foreground, of any user, needs. */
function nginxConfig(ports: ProxyPorts, folder: string): string {
  const [snippet = ''] = snippets('nginx')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, kind)};`,
  )
  return [
    `daemon off; master_process off; pid ${join(folder, 'nginx.pid')};`,
    'events {}',
    `http { access_log off; ${temporary.join(' ')}`,
    placed(snippet, ports, folder),
    '}\n',
  ].join('\n')
}

function haproxyConfig(format: ProxyFormat, ports: ProxyPorts, folder: string): string {
  const [whole = '', rfc9440 = ''] = snippets('haproxy')
  const line = /^ *http-request set-header X-SSL-Cert .*\n/m
  const snippet = format === 'rfc9440' ? whole.replace(line, () => rfc9440) : whole
  writeFileSync(join(folder, 'haproxy.pem'), `${CREDENTIAL.certificate}\n${CREDENTIAL.key}`)
  return [
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 30s',
    '  timeout server 30s',
    placed(snippet, ports, folder),
  ].join('\n')
}

/** What the guide shows in a language. */
function snippets(language: string): readonly string[] {
  const found = GUIDE.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))
  return [...found].map(([, text = '']) => text)
}

/** The places of the guide become those of the test. */
function placed(snippet: string, ports: ProxyPorts, folder: string): string {
  const places: Readonly<Record<string, string>> = {
    '/etc/signet/': `${folder}/`,
    'listen 443 ': `listen 127.0.0.1:${ports.plain} `,
    'listen 8443 ': `listen 127.0.0.1:${ports.mtls} `,
    'bind :443 ': `bind 127.0.0.1:${ports.plain} `,
    'bind :8443 ': `bind 127.0.0.1:${ports.mtls} `,
    '127.0.0.1:9443': `127.0.0.1:${ports.server}`,
    '127.0.0.1:9444': `127.0.0.1:${ports.serverMtls}`,
  }
  return Object.entries(places).reduce(
    (text, [place, instead]) => text.replaceAll(place, instead),
    snippet,
  )
}

/** Debian has servers where the PATH of a user may not lead. */
function find(name: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const found = folders.map((folder) => join(folder, name)).find(isExecutable)
  if (found !== undefined) return found
  throw new Error(`${name} is missing: run apt-get install nginx haproxy`)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function listening(
  child: ChildProcess,
  ports: readonly number[],
  output: () => string,
): Promise<void> {
  const giveUp = performance.now() + START_TIMEOUT_MILLISECONDS
  for (const port of ports) {
    while (!(await isTaken(port))) {
      if (child.exitCode !== null || performance.now() > giveUp) {
        child.kill('SIGKILL')
        throw new Error(`the proxy did not start:\n${output()}`)
      }
      await delay(20)
    }
  }
}

function isTaken(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => {
    socket.destroy()
    resolve(true)
  })
  socket.on('error', () => resolve(false))
  return promise
}
