#!/usr/bin/env node
/**
 * Makes a fresh clone ready to run. `npm start`, `npm test` and the other root scripts call it first, so it is plain
 * JavaScript that runs on Node 20 with nothing installed, prints one line per thing it does, and is silent and fast
 * when there is nothing to do.
 *
 * It installs the locked packages with the user's own npm settings. Among them is the Node this repository is pinned
 * to, as a hashed package without an install script; from then on `node` in an npm script is that one.
 *
 * With `--browser` it also sees to a Chromium for the end-to-end tests, with `--services` to the proxies, databases and
 * key stores that tests start for themselves.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {{ version?: string, link?: boolean, optional?: boolean }} LockEntry */
/** @typedef {{ packages: Record<string, LockEntry> }} Lock */
/** @typedef {{ status: number | null, stdout: string, stderr: string }} Result */

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const MODULES = path.join(ROOT, 'node_modules')
const LOCKFILE = path.join(ROOT, 'package-lock.json')
const STAMP = path.join(MODULES, '.signet-setup')
const BUSY = path.join(ROOT, '.signet', 'setup.lock')
const OLDEST_NODE = 20
const OLDEST_NPM = 10
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome']
const MAC_BROWSERS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]
/** Packages of Debian, and a program of each. Tests start their own, on ports and in folders of their own. */
const SERVICES = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  postgresql: 'postgres',
  'redis-server': 'redis-server',
  pgbouncer: 'pgbouncer',
  softhsm2: 'softhsm2-util',
  opensc: 'pkcs11-tool',
}
const MINUTES = 60_000

/** Something the person at the keyboard has to do; its message says what. */
class Stop extends Error {}

try {
  requireNode()
  ensurePackages()
  requirePinnedNode()
  if (process.argv.includes('--browser')) ensureBrowser()
  if (process.argv.includes('--services')) ensureServices()
} catch (error) {
  if (!(error instanceof Stop)) throw error
  process.stderr.write(`setup: ${error.message}\n`)
  process.exitCode = 1
}

function requireNode() {
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return
  throw new Stop(
    `Node ${OLDEST_NODE} or newer is needed to set up, this is ${process.version}. Get one from https://nodejs.org.`,
  )
}

function requireNpm() {
  const { status, stdout } = run('npm', ['--version'])
  if (status !== 0) throw new Stop('npm was not found. It comes with Node: https://nodejs.org.')
  if (Number.parseInt(stdout, 10) >= OLDEST_NPM) return
  throw new Stop(
    `npm ${OLDEST_NPM} or newer is needed, this is ${stdout.trim()}. Run: npm install --global npm`,
  )
}

function ensurePackages() {
  const digest = createHash('sha256').update(fs.readFileSync(LOCKFILE)).digest('hex')
  if (stamped(digest)) return
  alone(() => {
    if (stamped(digest)) return
    if (!installedAsLocked()) install()
    fs.writeFileSync(STAMP, digest)
  })
}

/** @param {string} digest */
function stamped(digest) {
  return read(STAMP) === digest
}

/** Whether npm has already put exactly the locked versions into node_modules. */
function installedAsLocked() {
  const installed = read(path.join(MODULES, '.package-lock.json'))
  if (installed === undefined) return false
  const { packages: have } = parseLock(installed)
  const { packages: want } = parseLock(fs.readFileSync(LOCKFILE, 'utf8'))
  return Object.entries(want)
    .filter(([where]) => where.startsWith('node_modules/'))
    .every(([where, { version, optional }]) => {
      const there = have[where]
      return there === undefined ? optional === true : there.version === version
    })
}

/**
 * @param {string} text
 * @returns {Lock}
 */
function parseLock(text) {
  return JSON.parse(text)
}

function install() {
  requireNpm()
  say('installing the locked packages (npm ci)')
  // No package needs an install script, so none gets to run one.
  const flags = [
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
  ]
  const { status, stdout, stderr } = run('npm', ['ci', ...flags])
  if (status === 0) return
  throw new Stop(
    `npm ci failed:\n${stderr || stdout}\n` +
      'If that is the network: check the registry with "npm config get registry", then run "npm run setup" again.',
  )
}

/** Runs one setup at a time: a second terminal waits instead of deleting what the first is installing. */
function alone(/** @type {() => void} */ action) {
  fs.mkdirSync(path.dirname(BUSY), { recursive: true })
  for (let waited = false; !claim(); waited = true) {
    if (!waited) say(`waiting for the setup in process ${read(BUSY) ?? '?'}`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
  try {
    action()
  } finally {
    fs.rmSync(BUSY, { force: true })
  }
}

function claim() {
  try {
    fs.writeFileSync(BUSY, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    const since = fs.statSync(BUSY, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    const abandoned = !running(Number(read(BUSY))) || Date.now() - since > 15 * MINUTES
    if (abandoned) fs.rmSync(BUSY, { force: true })
    return false
  }
}

/** @param {number} pid */
function running(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function requirePinnedNode() {
  /** @type {{ optionalDependencies: Record<string, string> }} */
  const { optionalDependencies } = JSON.parse(
    fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  )
  const packages = Object.keys(optionalDependencies)
  const version = Object.values(optionalDependencies)[0]
  const node = path.join(MODULES, '.bin', 'node')
  if (!fs.existsSync(node)) linkPinnedNode(packages, node)
  if (!fs.existsSync(node)) {
    throw new Stop(
      `there is no pinned Node ${version} for ${process.platform} ${process.arch}, only ` +
        `${packages.join(', ')}. Use one of those systems, or a container of one.`,
    )
  }
  const { status, stdout, stderr } = run(node, ['--version'])
  if (status === 0 && stdout.trim() === `v${version}`) return
  const found = status === 0 ? `is ${stdout.trim()}` : `does not start: ${stderr.trim()}`
  throw new Stop(
    `node_modules/.bin/node should be v${version} but ${found}. Remove node_modules and run "npm run setup" again` +
      ' (the pinned Node is built for glibc; on Alpine use a Debian image).',
  )
}

/**
 * npm 10 installs the pinned Node but makes no link to it.
 *
 * @param {string[]} packages
 * @param {string} link
 */
function linkPinnedNode(packages, link) {
  const installed = packages.find((name) => executable(path.join(MODULES, name, 'bin', 'node')))
  if (installed === undefined) return
  fs.mkdirSync(path.dirname(link), { recursive: true })
  fs.rmSync(link, { force: true })
  fs.symlinkSync(path.join('..', installed, 'bin', 'node'), link)
}

function ensureBrowser() {
  if (findBrowser() !== undefined) return
  const apt = aptGet()
  if (apt === undefined) {
    throw new Stop(
      `the browser tests need one of ${BROWSERS.join(', ')} on the PATH. Install the package "chromium" of your system` +
        ' (Debian, Ubuntu: sudo apt-get install chromium fonts-liberation) and run this again.',
    )
  }
  say('installing the browser for the end-to-end tests (apt-get install chromium)')
  installPackages(apt, ['chromium', 'fonts-liberation'])
  const browser = findBrowser()
  if (browser === undefined || run(browser, ['--version']).status !== 0) {
    throw new Stop(
      'chromium was installed but does not start: run "chromium --version" to see why.',
    )
  }
}

function ensureServices() {
  const missing = missingServices()
  if (missing.length === 0) return
  const packages = missing.join(' ')
  const apt = aptGet()
  if (apt === undefined) {
    throw new Stop(
      `the tests start real servers of their own and lack ${packages}. Install these packages of your system` +
        ` (Debian, Ubuntu: sudo apt-get install ${packages}) and run this again.`,
    )
  }
  say(`installing the servers that tests start (apt-get install ${packages})`)
  installPackages(apt, missing)
  const still = missingServices()
  if (still.length > 0) throw new Stop(`${still.join(' ')} was installed but is not found.`)
}

/** The packages whose program is nowhere. */
function missingServices() {
  const folders = pathFolders().flatMap((folder) => {
    const system = path.dirname(folder)
    // Debian keeps servers out of the PATH of users, and several versions of PostgreSQL side by side.
    const versions = path.join(system, 'lib', 'postgresql')
    const each = fs.existsSync(versions) ? fs.readdirSync(versions) : []
    return [
      folder,
      path.join(system, 'sbin'),
      ...each.map((version) => path.join(versions, version, 'bin')),
    ]
  })
  return Object.entries(SERVICES)
    .filter(([, program]) => !folders.some((folder) => executable(path.join(folder, program))))
    .map(([name]) => name)
}

/** Where a Chromium is, if there is one. */
function findBrowser() {
  const folders = pathFolders()
  const places = BROWSERS.flatMap((name) => folders.map((folder) => path.join(folder, name)))
  return [...places, ...MAC_BROWSERS].find((place) => executable(place))
}

function pathFolders() {
  return (process.env['PATH'] ?? '').split(path.delimiter)
}

/**
 * @param {(args: string[]) => [string, string[]]} apt
 * @param {string[]} packages
 */
function installPackages(apt, packages) {
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const { status, stderr } = run(...apt(['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args]))
    if (status !== 0) throw new Stop(`apt-get ${args[0]} failed:\n${stderr}`)
  }
}

/**
 * How to call apt-get with the rights to install, if that is possible here without asking for a password.
 *
 * @returns {((args: string[]) => [string, string[]]) | undefined}
 */
function aptGet() {
  if (run('apt-get', ['--version']).status !== 0) return undefined
  const quiet = ['DEBIAN_FRONTEND=noninteractive', 'apt-get']
  if (process.getuid?.() === 0) return (args) => ['env', [...quiet, ...args]]
  if (run('sudo', ['-n', 'true']).status !== 0) return undefined
  return (args) => ['sudo', ['-n', 'env', ...quiet, ...args]]
}

/** @param {string} file */
function executable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

/** @param {string} file */
function read(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Result}
 */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  })
  return { status, stdout: stdout ?? '', stderr: error?.message ?? stderr }
}

/** @param {string} what */
function say(what) {
  process.stdout.write(`setup: ${what}\n`)
}
